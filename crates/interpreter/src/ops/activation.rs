//! `Relu` and `Relu6`.

use amct_kernels::{Activation, elementwise};
use amct_tensor::Tensor;

use crate::operator::{BuildContext, Following, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    Ok(Box::new(match context.node().op.as_str() {
        "Relu" => Clip(Activation::Relu),
        _ => Clip(Activation::Relu6),
    }))
}

struct Clip(Activation);

impl Operator for Clip {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let shape = input.shape().to_vec();
        let mut data = input.into_vec::<f32>()?;
        elementwise::activate(&mut data, self.0);
        Ok(vec![Tensor::from_vec(shape, data)?.into()])
    }

    fn as_following(&self) -> Option<Following> {
        match self.0 {
            Activation::Relu => Some(Following::Relu),
            Activation::Relu6 => Some(Following::Relu6),
            Activation::None => None,
        }
    }
}
