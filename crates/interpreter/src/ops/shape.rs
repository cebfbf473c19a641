//! `Shape`.

use amct_tensor::{DType, Tensor};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let attrs = context.attributes();
    match attrs.dtype("out_type")? {
        None | Some(DType::I32) => Ok(Box::new(Shape { wide: false })),
        Some(DType::I64) => Ok(Box::new(Shape { wide: true })),
        Some(other) => Err(attrs.error("out_type", "int32 or int64", other.name()).into()),
    }
}

struct Shape {
    wide: bool,
}

impl Operator for Shape {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let value = inputs.value(0)?;
        let dims = value.shape().iter();
        // A dimension of an existing tensor fits: its bytes are limited to 2 GiB.
        let output = if self.wide {
            Tensor::vector(dims.map(|&dim| dim as i64).collect())
        } else {
            Tensor::vector(dims.map(|&dim| dim as i32).collect())
        };
        Ok(vec![output.into()])
    }
}
