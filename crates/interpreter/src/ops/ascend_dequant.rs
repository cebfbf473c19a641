//! `AscendDequant`: the sums of a quantized layer to floats.

use amct_kernels::elementwise;
use amct_tensor::quantization::DeqScale;
use amct_tensor::{DType, DataFormat, Tensor};

use super::per_image::layer_per_image;
use crate::operator::{BuildContext, Following, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let attrs = context.attributes();
    let name = attrs.string("data_format")?.unwrap_or("NHWC");
    let format =
        DataFormat::from_name(name).ok_or_else(|| attrs.error("data_format", "NHWC or NCHW", name))?;
    let ksize = attrs.ints("ksize")?;
    let area = match ksize {
        &[height, width] if height > 0 && width > 0 => height.checked_mul(width),
        _ => None,
    };
    let area = area.ok_or_else(|| attrs.error("ksize", "two positive integers", format!("{ksize:?}")))?;
    let words = context.take_constant(1).map(|words| scales(&words)).transpose()?;
    Ok(Box::new(AscendDequant { area: area as f32, format, words }))
}

struct AscendDequant {
    area: f32,
    format: DataFormat,
    /// The scales, if they are constant.
    words: Option<Vec<DeqScale>>,
}

fn scales(words: &Tensor) -> Result<Vec<DeqScale>, OpError> {
    Ok(words.as_slice::<u64>()?.iter().map(|&word| DeqScale::from_bits(word)).collect())
}

impl Operator for AscendDequant {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let given;
        let scales = match &self.words {
            Some(scales) => scales,
            None => {
                given = scales(&inputs.tensor(1)?)?;
                &given
            }
        };
        let shape = input.shape().to_vec();
        let axis = self.format.channel_axis(shape.len());
        if scales.len() != 1 && shape.get(axis) != Some(&scales.len()) {
            return Err(OpError::shape(
                format!("an input with {} channels, one per deq_scale", scales.len()),
                &shape,
            ));
        }
        let inner: usize = if scales.len() == 1 { 1 } else { shape.iter().skip(axis + 1).product() };
        let plain = inner == 1 && self.is_plain(scales);
        let output = match input.dtype() {
            DType::I32 if plain => {
                let factors: Vec<f32> = scales.iter().map(|scale| scale.scale).collect();
                let mut output = vec![0.0; input.len()];
                elementwise::dequantize_i32(input.as_slice()?, &factors, &mut output)?;
                output
            }
            DType::I32 => {
                self.dequantize(input.as_slice::<i32>()?.iter().map(|&sum| sum as f32), scales, inner)
            }
            _ => self.dequantize(input.as_slice::<f32>()?.iter().copied(), scales, inner),
        };
        Ok(vec![Tensor::from_vec(shape, output)?.into()])
    }

    fn as_following(&self) -> Option<Following> {
        let scales = self.words.as_ref().filter(|scales| self.is_plain(scales))?;
        let nhwc = self.format == DataFormat::Nhwc || scales.len() == 1;
        nhwc.then(|| Following::Dequantize(scales.iter().map(|scale| scale.scale).collect()))
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }
}

impl AscendDequant {
    /// Whether dequantization is one multiplication.
    fn is_plain(&self, scales: &[DeqScale]) -> bool {
        self.area == 1.0 && scales.iter().all(|scale| scale.shift_n == 0)
    }

    /// The CPU kernel's arithmetic: scale up to the sum over the window, shift, dequantize, and
    /// divide by the window's area again.
    fn dequantize(&self, sums: impl Iterator<Item = f32>, scales: &[DeqScale], inner: usize) -> Vec<f32> {
        let channels = scales.iter().flat_map(|scale| std::iter::repeat_n(scale, inner)).cycle();
        sums.zip(channels)
            .map(|(sum, scale)| {
                let mut value = sum * self.area;
                let step = if scale.shift_n > 0 { f32::exp2(scale.shift_n.into()) } else { 1.0 };
                if scale.shift_n > 0 {
                    value = (value / step).floor().clamp(-32_768.0, 32_767.0);
                }
                (f64::from(value * scale.scale) * f64::from(step) / f64::from(self.area)) as f32
            })
            .collect()
    }
}
