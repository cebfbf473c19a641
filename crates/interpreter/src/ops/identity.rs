//! `Identity` and its kin: the first input, unchanged.

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    Ok(Box::new(Identity))
}

struct Identity;

impl Operator for Identity {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        Ok(vec![inputs.value(0)?])
    }
}
