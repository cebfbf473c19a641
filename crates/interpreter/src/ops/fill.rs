//! `Fill`: one value everywhere.

use amct_tensor::{Element, Tensor};

use super::axis::extents;
use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
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
        Ok(vec![dispatch!(any value.dtype(), T => filled::<T>(shape, &value))?.into()])
    }
}

fn filled<T: Element>(shape: Vec<usize>, value: &Tensor) -> Result<Tensor, OpError> {
    match value.as_slice::<T>()? {
        [value] => Ok(Tensor::full(shape, value.clone())?),
        _ => Err(OpError::shape("a scalar to fill with", value.shape())),
    }
}
