//! `AscendDequant` of a device.

use amct_tensor::quantization::DeqScale;
use amct_tensor::{DataFormat, Tensor};

use super::channels::Channels;
use super::no_channel;
use super::taps::Taps;
use crate::device::{Device, DeviceDequant};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::per_image::layer_per_image;
use crate::{OpError, Value, ops};

pub(super) fn build(context: &mut BuildContext<'_>, device: Device) -> Result<Box<dyn Operator>, OpError> {
    // The number of values in each sum is one input more, where the scale does not average them.
    let counted = context.node().inputs.len() == 3;
    if !counted {
        context.expect_inputs(2)?;
    }
    let (area, format) = ops::quantized::ascend_dequant::layout(context)?;
    let words = context.take_constant(1).ok_or_else(|| {
        OpError::Unsupported("its deq_scale is not a constant, which ATC needs it to be".to_owned())
    })?;
    let words: Vec<DeqScale> =
        words.as_slice::<u64>()?.iter().map(|&word| DeqScale::from_bits(word)).collect();
    let dequant = DeviceDequant::new(device, &words, if counted { 1 } else { area })?;
    Ok(Box::new(Dequant { format, counted, dequant }))
}

struct Dequant {
    format: DataFormat,
    counted: bool,
    dequant: DeviceDequant,
}

impl Operator for Dequant {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let sums = inputs.tensor(0)?;
        let channels = Channels::of(sums.shape(), self.format, self.dequant.channels())?;
        let counts = if self.counted { Some(inputs.tensor(2)?) } else { None };
        let taps = Taps::of(counts, sums.shape(), self.format)?;
        let value = |(index, &sum): (usize, &i32)| {
            self.dequant.dequantize(sum, channels.at(index), taps.at(index)).ok_or_else(no_channel)
        };
        let values: Vec<f32> =
            sums.as_slice::<i32>()?.iter().enumerate().map(value).collect::<Result<_, _>>()?;
        Ok(vec![Tensor::from_vec(sums.shape(), values)?.into()])
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }
}
