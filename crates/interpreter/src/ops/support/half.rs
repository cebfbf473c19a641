//! Half precision: computed in f32 and rounded once at the end, as TensorFlow's CPU kernels do
//! for a single operation.

use amct_graph::type_code;
use amct_tensor::{DType, Tensor};
use half::f16;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

/// `operator`, or if the node's type `T` is half, `operator` between two conversions.
pub(in crate::ops) fn or_half(
    operator: impl Operator + 'static,
    context: &BuildContext<'_>,
) -> Box<dyn Operator> {
    let half = amct_graph::AttrValue::Type(type_code(DType::F16));
    if context.node().attrs.get("T") == Some(&half) {
        Box::new(Half(Box::new(operator)))
    } else {
        Box::new(operator)
    }
}

/// Runs an f32 operator on half tensors; tensors of other types pass as they are.
struct Half(Box<dyn Operator>);

impl Operator for Half {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let wide = (0..inputs.len()).map(|index| inputs.value(index).and_then(widened).map(Some));
        let outputs = self.0.run(Inputs::new(wide.collect::<Result<_, _>>()?))?;
        outputs.into_iter().map(narrowed).collect()
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        self.0.is_per_image(inputs, batched)
    }
}

fn widened(value: Value) -> Result<Value, OpError> {
    match value {
        Value::Plain(tensor) if tensor.dtype() == DType::F16 => {
            let data = tensor.as_slice::<f16>()?.iter().map(|x| x.to_f32()).collect();
            Ok(Tensor::from_vec(tensor.shape(), data)?.into())
        }
        other => Ok(other),
    }
}

fn narrowed(value: Value) -> Result<Value, OpError> {
    match value {
        Value::Plain(tensor) if tensor.dtype() == DType::F32 => {
            let data = tensor.as_slice::<f32>()?.iter().map(|&x| f16::from_f32(x)).collect();
            Ok(Tensor::from_vec(tensor.shape(), data)?.into())
        }
        other => Ok(other),
    }
}
