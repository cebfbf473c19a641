//! `AscendQuant` of a device, from floats or from the sums of the layer before it.

use amct_tensor::{DataFormat, Tensor};

use super::channels::Channels;
use super::no_channel;
use super::taps::Taps;
use crate::device::{Device, DeviceQuant, DeviceRequant, Requant};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::per_image::layer_per_image;
use crate::{OpError, Value, ops};

pub(super) fn build(
    context: &mut BuildContext<'_>,
    device: Device,
    requant: Option<&Requant>,
) -> Result<Box<dyn Operator>, OpError> {
    let (scale, offset) = ops::quantized::ascend_quant::factors(context)?;
    let from = match requant {
        None => {
            context.expect_inputs(1)?;
            From::Floats(DeviceQuant::new(device, scale, offset))
        }
        Some(requant) => From::Sums {
            requant: DeviceRequant::new(
                device,
                (&requant.words, requant.area),
                (requant.scale, requant.offset),
                &requant.activations,
            )?,
            format: requant.format,
        },
    };
    Ok(Box::new(Quant { offset, from }))
}

struct Quant {
    /// The int8 that its readers take for zero.
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
                let quantized = |&x: &f32| {
                    quant.quantize(x).ok_or_else(|| {
                        OpError::Unsupported(format!("it reads {x}, which no integer stands for"))
                    })
                };
                input.as_slice::<f32>()?.iter().map(quantized).collect::<Result<_, _>>()?
            }
            From::Sums { requant, format } => {
                let channels = Channels::of(input.shape(), *format, requant.channels())?;
                let counts = if inputs.len() > 1 { Some(inputs.tensor(1)?) } else { None };
                let taps = Taps::of(counts, input.shape(), *format)?;
                let quantized = |(index, &sum): (usize, &i32)| {
                    requant.requantize(sum, channels.at(index), taps.at(index)).ok_or_else(no_channel)
                };
                input.as_slice::<i32>()?.iter().enumerate().map(quantized).collect::<Result<_, _>>()?
            }
        };
        Ok(vec![Value::Quantized { q: Tensor::from_vec(input.shape(), q)?, zero_offset: self.offset }])
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        // The counts of a pool are batched as its sums are.
        layer_per_image(inputs.get(..1).unwrap_or_default(), batched.get(..1).unwrap_or_default())
            && batched.iter().all(|&batched| batched)
    }
}
