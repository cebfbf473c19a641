//! `AscendAntiQuant` of a device.

use amct_tensor::Tensor;

use crate::device::{Device, DeviceAntiQuant};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(super) fn build(context: &mut BuildContext<'_>, device: Device) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let attrs = context.attributes();
    let anti_quant = DeviceAntiQuant::new(device, attrs.float("scale")?, attrs.float("offset")?)?;
    Ok(Box::new(AntiQuant { anti_quant }))
}

struct AntiQuant {
    anti_quant: DeviceAntiQuant,
}

impl Operator for AntiQuant {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        // The op has an offset of its own.
        let (q, zero_offset) = inputs.value(0)?.into_parts();
        if zero_offset.is_none() {
            return Err(OpError::Unsupported("it reads floats, but an AscendQuant is needed".to_owned()));
        }
        let values: Vec<f32> = q.as_slice::<i8>()?.iter().map(|&q| self.anti_quant.value(q)).collect();
        Ok(vec![Tensor::from_vec(q.shape(), values)?.into()])
    }

    fn is_per_image(&self, _inputs: &[Option<Value>], _batched: &[bool]) -> bool {
        true
    }
}
