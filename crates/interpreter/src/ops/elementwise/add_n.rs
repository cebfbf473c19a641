//! `AddN`: the sum of any number of tensors of one shape.

use super::binary;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::half::or_half;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    Ok(or_half(AddN, context))
}

struct AddN;

impl Operator for AddN {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let mut sum = inputs.tensor(0)?;
        for index in 1..inputs.len() {
            let next = inputs.tensor(index)?;
            if next.shape() != sum.shape() {
                return Err(OpError::shape(format!("{:?}, as the first input", sum.shape()), next.shape()));
            }
            sum = binary::sum(sum, next)?;
        }
        Ok(vec![sum.into()])
    }
}
