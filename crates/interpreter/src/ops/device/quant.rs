//! `AscendQuant` of a device, from floats or from the sums of the layer before it.

use amct_tensor::{DataFormat, Tensor};

use super::channels::Channels;
use super::{device, unknown};
use crate::device::{Device, DeviceQuant, DeviceRequant};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::per_image::layer_per_image;
use crate::{OpError, Value, ops};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    let device = device(context)?;
    let (scale, offset) = ops::ascend_quant::factors(context)?;
    let from = match context.requant() {
        None => From::Floats(DeviceQuant::new(device, scale, offset)),
        Some(requant) => From::Sums {
            requant: DeviceRequant::new(
                device,
                (&requant.words, requant.area),
                (scale, offset),
                requant.relu,
            )?,
            format: requant.format,
        },
    };
    Ok(Box::new(Quant { device, offset, from }))
}

struct Quant {
    device: Device,
    offset: i32,
    from: From,
}

enum From {
    Floats(DeviceQuant),
    Sums { requant: DeviceRequant, format: DataFormat },
}

impl Operator for Quant {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let q: Vec<i8> = match &self.from {
            From::Floats(quant) => {
                let quantized = |&x: &f32| quant.quantize(x).ok_or_else(|| unknown(self.device, x));
                input.as_slice::<f32>()?.iter().map(quantized).collect::<Result<_, _>>()?
            }
            From::Sums { requant, format } => {
                let channels = Channels::of(input.shape(), *format, requant.channels())?;
                let quantized = |(index, &sum): (usize, &i32)| {
                    requant
                        .requantize(sum, channels.at(index))
                        .ok_or_else(|| unknown(self.device, format_args!("the sum {sum}")))
                };
                input.as_slice::<i32>()?.iter().enumerate().map(quantized).collect::<Result<_, _>>()?
            }
        };
        Ok(vec![Value::Quantized { q: Tensor::from_vec(input.shape(), q)?, zero_offset: self.offset }])
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }
}
