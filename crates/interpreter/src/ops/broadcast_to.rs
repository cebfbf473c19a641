//! `BroadcastTo`: dimensions of 1 stretched to a given shape.

use amct_tensor::{Element, Tensor, checked_len};
use ndarray::IxDyn;

use super::axis::extents;
use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    Ok(Box::new(BroadcastTo))
}

struct BroadcastTo;

impl Operator for BroadcastTo {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let shape = extents("dimension", &inputs.integers(1)?)?;
        Ok(vec![dispatch!(any input.dtype(), T => stretched::<T>(&input, &shape))?.into()])
    }
}

fn stretched<T: Element>(input: &Tensor, shape: &[usize]) -> Result<Tensor, OpError> {
    checked_len(shape, T::DTYPE)?;
    let view = input.view::<T>()?;
    let stretched = view
        .broadcast(IxDyn(shape))
        .ok_or_else(|| OpError::shape(format!("an input that broadcasts to {shape:?}"), input.shape()))?;
    Ok(Tensor::from_array(stretched.to_owned()))
}
