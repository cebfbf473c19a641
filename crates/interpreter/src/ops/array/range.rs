//! `Range`: start, start + delta, ... up to but without limit.

use amct_tensor::{DType, Element, Tensor, checked_len};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(3)?;
    Ok(Box::new(Range))
}

struct Range;

impl Operator for Range {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let (start, limit, delta) = (inputs.tensor(0)?, inputs.tensor(1)?, inputs.tensor(2)?);
        let output = match start.dtype() {
            DType::F32 => floats::<f32>(&start, &limit, &delta)?,
            DType::F64 => floats::<f64>(&start, &limit, &delta)?,
            DType::I32 => integers::<i32>(&start, &limit, &delta)?,
            DType::I64 => integers::<i64>(&start, &limit, &delta)?,
            other => return Err(OpError::ElementType(other)),
        };
        Ok(vec![output.into()])
    }
}

fn scalar<T: Element + Copy>(tensor: &Tensor) -> Result<T, OpError> {
    match tensor.as_slice::<T>()? {
        &[value] => Ok(value),
        _ => Err(OpError::shape("a scalar as start, limit and delta", tensor.shape())),
    }
}

fn endless() -> OpError {
    OpError::Unsupported("a range whose delta leads away from its limit".to_owned())
}

fn integers<T>(start: &Tensor, limit: &Tensor, delta: &Tensor) -> Result<Tensor, OpError>
where
    T: Element + Copy + Into<i64> + TryFrom<i128>,
{
    let wide = |tensor| scalar::<T>(tensor).map(|value| i128::from(value.into()));
    let (start, limit, delta) = (wide(start)?, wide(limit)?, wide(delta)?);
    if delta == 0 || (limit - start).signum() * delta.signum() < 0 {
        return Err(endless());
    }
    let count = ((limit - start).abs() + delta.abs() - 1) / delta.abs();
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    checked_len(&[count], T::DTYPE)?;
    // All lie between start and limit, so none is lost.
    Ok(Tensor::vector((0..count as i128).filter_map(|i| T::try_from(start + i * delta).ok()).collect()))
}

/// The floats that a range is made of, in their own precision.
trait Float: Element + Copy + PartialOrd {
    /// ceil(|(limit - start) / delta|); infinite or NaN for no good range.
    fn count(start: Self, limit: Self, delta: Self) -> f64;
    /// start + index * delta.
    fn at(start: Self, index: usize, delta: Self) -> Self;
}

impl Float for f32 {
    fn count(start: f32, limit: f32, delta: f32) -> f64 {
        ((limit - start) / delta).abs().ceil().into()
    }
    fn at(start: f32, index: usize, delta: f32) -> f32 {
        start + index as f32 * delta
    }
}

impl Float for f64 {
    fn count(start: f64, limit: f64, delta: f64) -> f64 {
        ((limit - start) / delta).abs().ceil()
    }
    fn at(start: f64, index: usize, delta: f64) -> f64 {
        start + index as f64 * delta
    }
}

fn floats<T: Float>(start: &Tensor, limit: &Tensor, delta: &Tensor) -> Result<Tensor, OpError> {
    let (start, limit, delta) = (scalar::<T>(start)?, scalar::<T>(limit)?, scalar::<T>(delta)?);
    let zero = T::default();
    let towards = (delta > zero && start <= limit) || (delta < zero && start >= limit);
    let count = T::count(start, limit, delta);
    if !towards || count.is_nan() {
        return Err(endless());
    }
    // The cast saturates, and what is too large is refused.
    let count = count as usize;
    checked_len(&[count], T::DTYPE)?;
    // Each is computed anew, as TensorFlow does, so that no rounding adds up.
    Ok(Tensor::vector((0..count).map(|index| T::at(start, index, delta)).collect()))
}
