//! `ExpandDims`: a dimension of 1 more.

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::normalized;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    Ok(Box::new(ExpandDims))
}

struct ExpandDims;

impl Operator for ExpandDims {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        let mut shape = input.shape().to_vec();
        let axis = normalized(inputs.integer(1)?, shape.len() + 1)?;
        shape.insert(axis, 1);
        Ok(vec![input.moved(|tensor| Ok(tensor.reshaped(shape)?))?])
    }
}
