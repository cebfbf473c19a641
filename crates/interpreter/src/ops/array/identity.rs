//! `Identity`, `IdentityN` and their kin: the inputs, unchanged.

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};
use amct_graph::op;

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    if context.node().op != op::IDENTITY_N {
        context.expect_inputs(1)?;
    }
    Ok(Box::new(Identity))
}

struct Identity;

impl Operator for Identity {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        (0..inputs.len()).map(|index| inputs.value(index)).collect()
    }

    fn is_per_image(&self, _inputs: &[Option<Value>], batched: &[bool]) -> bool {
        batched.iter().all(|&batched| batched)
    }
}
