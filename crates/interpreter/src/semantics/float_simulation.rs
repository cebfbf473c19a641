//! Integer-valued floats, as TensorFlow runs AMCT's graphs.

use amct_graph::{NodeId, op};
use amct_tensor::{DType, Tensor};

use super::{Built, Semantics};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value, registry};

pub(crate) struct FloatSimulation;

impl Semantics for FloatSimulation {
    fn build(&self, _: NodeId, context: &mut BuildContext<'_>) -> Option<Built> {
        match context.node().op.as_str() {
            op @ (op::QUANT | op::WEIGHT_QUANT) => {
                let build = registry::find(op)?;
                Some(build(context).map(|operator| Box::new(Simulated(operator)) as _))
            }
            _ => None,
        }
    }
}

/// Gives the integers of an operator as floats.
struct Simulated(Box<dyn Operator>);

impl Operator for Simulated {
    fn run(&self, inputs: Inputs) -> Result<Vec<Value>, OpError> {
        self.0.run(inputs)?.into_iter().map(|value| Ok(floats(value)?.into())).collect()
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        self.0.is_per_image(inputs, batched)
    }
}

fn floats(value: Value) -> Result<Tensor, OpError> {
    match value {
        Value::Plain(q) if q.dtype() == DType::I8 => {
            let values = q.as_slice::<i8>()?.iter().map(|&q| f32::from(q)).collect::<Vec<_>>();
            Ok(Tensor::from_vec(q.shape(), values)?)
        }
        other => other.simulated(),
    }
}
