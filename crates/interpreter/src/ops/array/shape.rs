//! `Shape`, `ShapeN`, `Size` and `Rank`.

use amct_graph::op;
use amct_tensor::{DType, Tensor};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    let question = match context.node().op.as_str() {
        op::SIZE => Question::Size,
        op::RANK => Question::Rank,
        _ => Question::Shape,
    };
    if context.node().op == op::SHAPE_N {
        context.expect_counted_inputs("N", 0)?;
    } else {
        context.expect_inputs(1)?;
    }
    let attrs = context.attributes();
    match attrs.dtype("out_type")? {
        None | Some(DType::I32) => Ok(Box::new(Shape { question, wide: false })),
        Some(DType::I64) => Ok(Box::new(Shape { question, wide: true })),
        Some(other) => Err(attrs.error("out_type", "int32 or int64", other.name()).into()),
    }
}

enum Question {
    Shape,
    Size,
    Rank,
}

struct Shape {
    question: Question,
    wide: bool,
}

impl Operator for Shape {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        (0..inputs.len())
            .map(|index| {
                let value = inputs.value(index)?;
                let shape = value.shape();
                Ok(match self.question {
                    Question::Shape => self.integers(shape)?.into(),
                    Question::Size => self.integers(&[shape.iter().product()])?.reshaped([])?.into(),
                    Question::Rank => self.integers(&[shape.len()])?.reshaped([])?.into(),
                })
            })
            .collect()
    }
}

impl Shape {
    fn integers(&self, values: &[usize]) -> Result<Tensor, OpError> {
        let beyond = |value: &usize| OpError::Unsupported(format!("{value} does not fit into out_type"));
        if self.wide {
            let list = values.iter().map(|v| i64::try_from(*v).map_err(|_| beyond(v)));
            return Ok(Tensor::vector(list.collect::<Result<Vec<_>, _>>()?));
        }
        let list = values.iter().map(|v| i32::try_from(*v).map_err(|_| beyond(v)));
        Ok(Tensor::vector(list.collect::<Result<Vec<_>, _>>()?))
    }
}
