//! `LeakyRelu`: a slope of `alpha` below zero.

use amct_tensor::DType;

use super::unary::in_place;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::half::or_half;
use crate::ops::support::number::not_a_number;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    Ok(or_half(LeakyRelu { alpha: context.attributes().float_or("alpha", 0.2)? }, context))
}

struct LeakyRelu {
    alpha: f32,
}

impl Operator for LeakyRelu {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let alpha = self.alpha;
        let output = match input.dtype() {
            DType::F32 => in_place::<f32>(input, |data| {
                data.iter_mut().for_each(|x| *x = if *x > 0.0 { *x } else { *x * alpha });
            })?,
            DType::F64 => in_place::<f64>(input, |data| {
                data.iter_mut().for_each(|x| *x = if *x > 0.0 { *x } else { *x * f64::from(alpha) });
            })?,
            other => return Err(not_a_number(other)),
        };
        Ok(vec![output.into()])
    }

    fn is_per_image(&self, _inputs: &[Option<Value>], _batched: &[bool]) -> bool {
        true
    }
}
