//! `ZerosLike` and `OnesLike`: a constant of another tensor's shape and type.

use amct_graph::op;
use amct_tensor::Tensor;

use super::fill::everywhere;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::elementwise::cast::cast;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    Ok(Box::new(Like { ones: context.node().op == op::ONES_LIKE }))
}

struct Like {
    ones: bool,
}

impl Operator for Like {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let value = cast(Tensor::scalar(self.ones), input.dtype())?;
        Ok(vec![everywhere(value, input.shape())?.into()])
    }
}
