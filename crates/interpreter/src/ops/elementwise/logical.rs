//! `LogicalAnd`, `LogicalOr` and `LogicalNot`.

use amct_graph::op;
use amct_tensor::Tensor;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::broadcast::broadcast;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    let (connective, inputs) = match context.node().op.as_str() {
        op::LOGICAL_AND => (Connective::And, 2),
        op::LOGICAL_OR => (Connective::Or, 2),
        _ => (Connective::Not, 1),
    };
    context.expect_inputs(inputs)?;
    Ok(Box::new(connective))
}

enum Connective {
    And,
    Or,
    Not,
}

// Of one type, so that there is one loop for both.
const AND: fn(bool, bool) -> bool = |a, b| a && b;
const OR: fn(bool, bool) -> bool = |a, b| a || b;

impl Operator for Connective {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let left = inputs.tensor(0)?;
        let output = match self {
            Connective::And => broadcast::<bool>(left, inputs.tensor(1)?, AND)?,
            Connective::Or => broadcast::<bool>(left, inputs.tensor(1)?, OR)?,
            Connective::Not => {
                let negated = left.as_slice::<bool>()?.iter().map(|x| !x).collect();
                Tensor::from_vec(left.shape(), negated)?
            }
        };
        Ok(vec![output.into()])
    }
}
