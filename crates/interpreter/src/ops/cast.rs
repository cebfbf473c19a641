//! `Cast` between number types.

use amct_tensor::{DType, Tensor};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let attrs = context.attributes();
    let to = attrs.dtype("DstT")?.ok_or_else(|| attrs.error("DstT", "a type", "missing"))?;
    Ok(Box::new(Cast { to }))
}

struct Cast {
    to: DType,
}

impl Operator for Cast {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        if input.dtype() == self.to {
            return Ok(vec![input.into()]);
        }
        let output = match input.dtype() {
            DType::F32 => cast(&input, self.to, |x: f32| x.into(), |x| x as i64)?,
            DType::F64 => cast(&input, self.to, |x: f64| x, |x| x as i64)?,
            DType::I8 => cast(&input, self.to, |x: i8| x.into(), i64::from)?,
            DType::I32 => cast(&input, self.to, |x: i32| x.into(), i64::from)?,
            DType::I64 => cast(&input, self.to, |x: i64| x as f64, |x| x)?,
            DType::U8 => cast(&input, self.to, |x: u8| x.into(), i64::from)?,
            DType::Bool => cast(&input, self.to, |x: bool| f64::from(u8::from(x)), i64::from)?,
            other => return Err(unsupported(other, self.to)),
        };
        Ok(vec![output.into()])
    }
}

fn unsupported(from: DType, to: DType) -> OpError {
    OpError::Unsupported(format!("a cast from {from} to {to} is not supported"))
}

/// Converts through f64 to floats (exact but for 64-bit integers, where C rounds the same way) and
/// through i64 to integers (a float is cut off, an integer wraps).
fn cast<T: amct_tensor::Element + Copy>(
    input: &Tensor,
    to: DType,
    float: impl Fn(T) -> f64,
    integer: impl Fn(T) -> i64,
) -> Result<Tensor, OpError> {
    let data = input.as_slice::<T>()?.iter().copied();
    let shape = input.shape();
    Ok(match to {
        // From i64 straight to f32: two roundings through f64 could differ from one.
        DType::F32 if T::DTYPE == DType::I64 => {
            Tensor::from_vec(shape, data.map(|x| integer(x) as f32).collect())
        }
        DType::F32 => Tensor::from_vec(shape, data.map(|x| float(x) as f32).collect()),
        DType::F64 => Tensor::from_vec(shape, data.map(float).collect()),
        DType::I8 => Tensor::from_vec(shape, data.map(|x| integer(x) as i8).collect()),
        DType::I32 => Tensor::from_vec(shape, data.map(|x| integer(x) as i32).collect()),
        DType::I64 => Tensor::from_vec(shape, data.map(integer).collect()),
        DType::U8 => Tensor::from_vec(shape, data.map(|x| integer(x) as u8).collect()),
        DType::Bool => Tensor::from_vec(shape, data.map(|x| float(x) != 0.0).collect()),
        other => return Err(unsupported(T::DTYPE, other)),
    }?)
}
