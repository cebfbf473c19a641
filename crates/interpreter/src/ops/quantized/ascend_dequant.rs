//! `AscendDequant`: the sums of a quantized layer to floats.

use amct_kernels::elementwise;
use amct_tensor::quantization::DeqScale;
use amct_tensor::{DType, DataFormat, Tensor};

use crate::fusible::{Absorbable, EpilogueStep};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::per_image::layer_per_image;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let (area, format) = layout(context)?;
    let words = context.take_constant(1).map(|words| scales(&words)).transpose()?;
    Ok(Box::new(AscendDequant { area, format, words }))
}

/// The elements of the window that the sums were divided by, and where the channels are.
pub(in crate::ops) fn layout(context: &BuildContext<'_>) -> Result<(i64, DataFormat), OpError> {
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
    Ok((area, format))
}

struct AscendDequant {
    /// Elements of the window that the sums were divided by.
    area: i64,
    format: DataFormat,
    /// The scales, if they are constant.
    words: Option<Vec<DeqScale>>,
}

/// The largest shift of an accumulator of 32 bits into 16.
const MAX_SHIFT: u8 = 16;

fn scales(words: &Tensor) -> Result<Vec<DeqScale>, OpError> {
    let scales: Vec<DeqScale> =
        words.as_slice::<u64>()?.iter().map(|&word| DeqScale::from_bits(word)).collect();
    match scales.iter().find(|scale| scale.shift_n > MAX_SHIFT) {
        None => Ok(scales),
        Some(scale) => Err(OpError::Unsupported(format!(
            "its deq_scale shifts by {}, but only 0 to {MAX_SHIFT} are supported",
            scale.shift_n
        ))),
    }
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
            DType::I32 => self.dequantize(input.as_slice::<i32>()?, scales, inner),
            _ => self.dequantize(input.as_slice::<f32>()?, scales, inner),
        };
        Ok(vec![Tensor::from_vec(shape, output)?.into()])
    }

    fn absorbable(&self) -> Option<Absorbable> {
        let scales = self.words.as_ref().filter(|scales| self.is_plain(scales))?;
        let nhwc = self.format == DataFormat::Nhwc || scales.len() == 1;
        nhwc.then(|| EpilogueStep::Dequantize(scales.iter().map(|scale| scale.scale).collect()).into())
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }
}

impl AscendDequant {
    /// Whether dequantization is one multiplication.
    fn is_plain(&self, scales: &[DeqScale]) -> bool {
        self.area == 1 && scales.iter().all(|scale| scale.shift_n == 0)
    }

    /// The CPU kernel's arithmetic: scale up to the sum over the window, shift, dequantize, and
    /// divide by the window's area again.
    fn dequantize<T: Sum>(&self, sums: &[T], scales: &[DeqScale], inner: usize) -> Vec<f32> {
        let channels = scales.iter().flat_map(|scale| std::iter::repeat_n(scale, inner)).cycle();
        sums.iter()
            .zip(channels)
            .map(|(sum, scale)| {
                let value = match scale.shift_n {
                    0 => sum.times(self.area),
                    shift => sum.shifted(self.area, shift),
                };
                let step = if scale.shift_n > 0 { f32::exp2(scale.shift_n.into()) } else { 1.0 };
                (f64::from(value * scale.scale) * f64::from(step) / self.area as f64) as f32
            })
            .collect()
    }
}

/// A sum over a window, less the division by its area.
trait Sum: Copy {
    /// The sum itself, as f32.
    fn times(self, area: i64) -> f32;
    /// floor(sum / 2^shift) clamped to int16.
    fn shifted(self, area: i64, shift: u8) -> f32;
}

impl Sum for f32 {
    fn times(self, area: i64) -> f32 {
        self * area as f32
    }

    fn shifted(self, area: i64, shift: u8) -> f32 {
        (self.times(area) / f32::exp2(shift.into())).floor().clamp(-32_768.0, 32_767.0)
    }
}

/// Exact, also where an f32 no longer holds the sum.
impl Sum for i32 {
    fn times(self, area: i64) -> f32 {
        self as f32 * area as f32
    }

    fn shifted(self, area: i64, shift: u8) -> f32 {
        let sum = i64::from(self).saturating_mul(area);
        (sum >> shift.min(MAX_SHIFT)).clamp(i16::MIN.into(), i16::MAX.into()) as f32
    }
}
