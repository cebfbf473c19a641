//! `Relu` and `Relu6`.

use amct_graph::op;
use amct_kernels::{Activation, elementwise};
use amct_tensor::{DType, Tensor};

use super::cast::cast;
use super::unary::in_place;
use crate::fusible::{Absorbable, EpilogueStep};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::half::or_half;
use crate::ops::support::number::{Number, with_number};
use crate::ops::support::wide::widened;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let activation = match context.node().op.as_str() {
        op::RELU => Activation::Relu,
        _ => Activation::Relu6,
    };
    Ok(or_half(Clip(activation), context))
}

struct Clip(Activation);

impl Operator for Clip {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        if input.dtype() != DType::F32 {
            let (dtype, input) = (input.dtype(), widened(input)?);
            let output = with_number!(input.dtype(), T => self.clip::<T>(input))?;
            return Ok(vec![cast(output, dtype)?.into()]);
        }
        let shape = input.shape().to_vec();
        let mut data = input.into_vec::<f32>()?;
        elementwise::activate(&mut data, self.0);
        Ok(vec![Tensor::from_vec(shape, data)?.into()])
    }

    fn is_per_image(&self, _inputs: &[Option<Value>], _batched: &[bool]) -> bool {
        true
    }

    fn absorbable(&self) -> Option<Absorbable> {
        Some(EpilogueStep::Activate(self.0).into())
    }
}

impl Clip {
    fn clip<T: Number>(&self, input: Tensor) -> Result<Tensor, OpError> {
        let two = T::ONE.add(T::ONE);
        let high = if self.0 == Activation::Relu6 { two.mul(two).add(two) } else { T::HIGHEST };
        in_place::<T>(input, |data| data.iter_mut().for_each(|x| *x = x.max(T::ZERO).min(high)))
    }
}
