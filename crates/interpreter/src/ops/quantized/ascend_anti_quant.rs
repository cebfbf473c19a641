//! `AscendAntiQuant`: an int8 activation back to floats.

use amct_tensor::Tensor;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    Ok(Box::new(AscendAntiQuant { scale: context.attributes().float("scale")? }))
}

struct AscendAntiQuant {
    scale: f32,
}

impl Operator for AscendAntiQuant {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        // q - zero_offset is what the simulation multiplies; the op's own offset is unused there.
        let integers = inputs.value(0)?.simulated()?;
        let shape = integers.shape().to_vec();
        let mut data = integers.into_vec::<f32>()?;
        for x in &mut data {
            *x *= self.scale;
        }
        Ok(vec![Tensor::from_vec(shape, data)?.into()])
    }

    fn is_per_image(&self, _inputs: &[Option<Value>], _batched: &[bool]) -> bool {
        true
    }
}
