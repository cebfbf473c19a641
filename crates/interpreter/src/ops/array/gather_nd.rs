//! `GatherNd` and `ScatterNd`: slices of a tensor by tuples of positions.

use amct_tensor::{DType, Element, Tensor, checked_len, internal};

use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::{extents, position, product};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let attrs = context.attributes();
    match attrs.string("bad_indices_policy")?.unwrap_or_default() {
        "" | "DEFAULT" | "ERROR" => Ok(Box::new(GatherNd)),
        other => Err(attrs.error("bad_indices_policy", "DEFAULT or ERROR", other).into()),
    }
}

pub(crate) fn build_scatter(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(3)?;
    let attrs = context.attributes();
    match attrs.string("bad_indices_policy")?.unwrap_or_default() {
        "" | "DEFAULT" | "ERROR" => Ok(Box::new(ScatterNd)),
        other => Err(attrs.error("bad_indices_policy", "DEFAULT or ERROR", other).into()),
    }
}

/// Slices of a tensor, each named by a tuple of positions in its leading dimensions.
struct Slices {
    /// First element of each slice.
    starts: Vec<usize>,
    /// Elements of a slice.
    len: usize,
    /// Dimensions of the indices without the tuple, then those of a slice.
    shape: Vec<usize>,
}

impl Slices {
    fn new(indices: &Tensor, shape: &[usize]) -> Result<Self, OpError> {
        let Some((&depth, outer)) = indices.shape().split_last() else {
            return Err(OpError::shape("indices of rank 1 or more", indices.shape()));
        };
        let (Some(named), Some(slice)) = (shape.get(..depth), shape.get(depth..)) else {
            return Err(OpError::shape(format!("indices into {} dimensions", shape.len()), indices.shape()));
        };
        let len = product(slice);
        let count = product(outer);
        let values = indices.to_i64_vec()?;
        let starts = (0..count).map(|tuple| {
            let positions = values.iter().skip(tuple * depth).take(depth).zip(named);
            let row = positions.map(|(&index, &dim)| Ok((position(index, dim)?, dim))).try_fold(
                0,
                |row, step: Result<_, OpError>| {
                    step.map(|(index, dim)| usize::saturating_add(usize::saturating_mul(row, dim), index))
                },
            )?;
            Ok(row.saturating_mul(len))
        });
        Ok(Self {
            starts: starts.collect::<Result<_, OpError>>()?,
            len,
            shape: outer.iter().chain(slice).copied().collect(),
        })
    }
}

struct GatherNd;

impl Operator for GatherNd {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let slices = Slices::new(&inputs.tensor(1)?, input.shape())?;
        Ok(vec![dispatch!(any input.dtype(), T => gathered::<T>(&input, slices))?.into()])
    }
}

fn gathered<T: Element>(input: &Tensor, slices: Slices) -> Result<Tensor, OpError> {
    let data = input.as_slice::<T>()?;
    let mut output = Vec::with_capacity(checked_len(&slices.shape, T::DTYPE)?);
    for &start in &slices.starts {
        let slice = data.get(start..start + slices.len);
        output.extend_from_slice(slice.ok_or_else(|| internal!("no slice at {start} of {}", data.len()))?);
    }
    Ok(Tensor::from_vec(slices.shape, output)?)
}

struct ScatterNd;

impl Operator for ScatterNd {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let (indices, updates) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let shape = extents("dimension", &inputs.integers(2)?)?;
        checked_len(&shape, updates.dtype())?;
        let slices = Slices::new(&indices, &shape)?;
        if updates.shape() != slices.shape {
            return Err(OpError::shape(format!("updates of shape {:?}", slices.shape), updates.shape()));
        }
        let output = match updates.dtype() {
            DType::Bool => scattered::<bool>(&updates, &slices, shape, |a, b| a | b),
            DType::F32 => scattered::<f32>(&updates, &slices, shape, |a, b| a + b),
            DType::F64 => scattered::<f64>(&updates, &slices, shape, |a, b| a + b),
            DType::F16 => scattered::<half::f16>(&updates, &slices, shape, |a, b| a + b),
            dtype => dispatch!(integer dtype, T => scattered::<T>(&updates, &slices, shape, T::wrapping_add)),
        };
        Ok(vec![output?.into()])
    }
}

/// Zeros with the updates added in their order: a slice named twice gets both.
fn scattered<T: Element + Copy>(
    updates: &Tensor,
    slices: &Slices,
    shape: Vec<usize>,
    add: impl Fn(T, T) -> T,
) -> Result<Tensor, OpError> {
    let mut output = vec![T::default(); checked_len(&shape, T::DTYPE)?];
    let updates = updates.as_slice::<T>()?.chunks(slices.len.max(1));
    for (&start, update) in slices.starts.iter().zip(updates) {
        for (place, &value) in output.iter_mut().skip(start).zip(update) {
            *place = add(*place, value);
        }
    }
    Ok(Tensor::from_vec(shape, output)?)
}
