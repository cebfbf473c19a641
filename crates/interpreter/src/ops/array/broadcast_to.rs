//! `BroadcastTo`: dimensions of 1 stretched to a given shape.

use amct_tensor::checked_len;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::extents;
use crate::ops::support::strided::Strided;
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
        checked_len(&shape, input.dtype())?;
        let view = Strided::of(input.shape())
            .broadcast(&shape)
            .ok_or_else(|| OpError::shape(format!("an input that broadcasts to {shape:?}"), input.shape()))?;
        Ok(vec![view.copied(&input)?.into()])
    }
}
