//! `Softmax` over the last axis.

use amct_kernels::elementwise;
use amct_tensor::Tensor;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    Ok(Box::new(Softmax))
}

struct Softmax;

impl Operator for Softmax {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let Some(&classes) = input.shape().last() else {
            return Err(OpError::shape("an input of rank 1 or more", input.shape()));
        };
        let mut output = vec![0.0; input.len()];
        elementwise::softmax(input.as_slice()?, classes, &mut output)?;
        Ok(vec![Tensor::from_vec(input.shape(), output)?.into()])
    }
}
