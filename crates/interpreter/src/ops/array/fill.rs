//! `Fill`: one value everywhere.

use amct_tensor::Tensor;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::extents;
use crate::ops::support::strided::Strided;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    Ok(Box::new(Fill))
}

struct Fill;

impl Operator for Fill {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let shape = extents("dimension", &inputs.integers(0)?)?;
        let value = inputs.tensor(1)?;
        if value.len() != 1 {
            return Err(OpError::shape("a scalar to fill with", value.shape()));
        }
        Ok(vec![everywhere(value, &shape)?.into()])
    }
}

/// A tensor of that shape with the one element of `value` everywhere.
pub(in crate::ops) fn everywhere(value: Tensor, shape: &[usize]) -> Result<Tensor, OpError> {
    let value = value.reshaped([])?;
    let view = Strided::of(&[]).broadcast(shape);
    view.ok_or_else(|| OpError::shape("any shape", shape))?.copied(&value)
}
