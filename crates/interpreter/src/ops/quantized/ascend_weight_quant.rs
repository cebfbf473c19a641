//! `AscendWeightQuant`: int8 weights, less their offset.

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    Ok(Box::new(AscendWeightQuant))
}

struct AscendWeightQuant;

impl Operator for AscendWeightQuant {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let weights = inputs.tensor(0)?;
        let offset = inputs.tensor(1)?;
        if let Some(found) = offset.as_slice::<i8>()?.iter().find(|&&offset| offset != 0) {
            return Err(OpError::Unsupported(format!(
                "its weight offset is {found}, but only symmetric weights (offset 0) are supported"
            )));
        }
        // Only int8 is taken.
        weights.as_slice::<i8>()?;
        Ok(vec![weights.into()])
    }
}
