//! ARQ: scales of weights from their minimum and maximum, and the int8 weights.
//!
//! Scales are per output channel or per tensor, see [`ChannelLayout`]. Quantized weights are
//! `clamp(round_half_away(w / scale) + offset)`; how `w / scale` is divided is a [`Division`],
//! since AMCT has two ways that differ on about one weight in a million.
//!
//! Source: `docs/sources/algorithms.md` section 4.

mod error;
mod layout;
mod quantize;

use amct_tensor::quantization::process_scale;
use amct_tensor::rounding::half_away;

pub use error::ArqError;
pub use layout::ChannelLayout;
pub use quantize::{
    Division, WeightParams, fake_quantize, fake_quantize_asymmetric, quantize, quantize_asymmetric,
};

/// Symmetric scales, one per channel: the value of the largest magnitude over the number of levels
/// on its side of zero, 2^(bits-1) - 1 above and 2^(bits-1) below. Of two values of equal magnitude
/// the negative one counts. A channel of (nearly) zeros gets the scale 1.0.
///
/// `num_bits` is from 2 to 8.
///
/// # Errors
/// See [`ArqError`].
pub fn calibrate(weights: &[f32], layout: ChannelLayout, num_bits: u32) -> Result<Vec<f32>, ArqError> {
    let levels = (1u32 << (check(weights, layout, num_bits)? - 1)) as f32;
    let scale = |(min, max): (f32, f32)| if max > -min { max / (levels - 1.0) } else { -min / levels };
    ranges(weights, layout).into_iter().map(|range| Ok(process_scale(scale(range))?)).collect()
}

/// Asymmetric scales and offsets, one per channel, of the range that the channel's values and zero
/// span: AMCT's `WEIGHT_OFFSET`, which no Ascend chip has.
///
/// `num_bits` is from 2 to 8.
///
/// # Errors
/// See [`ArqError`].
pub fn calibrate_asymmetric(
    weights: &[f32],
    layout: ChannelLayout,
    num_bits: u32,
) -> Result<Vec<WeightParams>, ArqError> {
    let levels = (1u32 << check(weights, layout, num_bits)?) as f32;
    let params = |(min, max): (f32, f32)| {
        let (min, max) = (min.min(0.0), max.max(0.0));
        let scale = process_scale((max - min) / (levels - 1.0))?;
        let offset = half_away(-min / scale) - levels / 2.0;
        Ok(WeightParams { scale, offset: offset as i32 })
    };
    ranges(weights, layout).into_iter().map(params).collect()
}

/// Returns `num_bits` if the weights can be quantized.
fn check(weights: &[f32], layout: ChannelLayout, num_bits: u32) -> Result<u32, ArqError> {
    quantize::check_num_bits(num_bits)?;
    layout.check(weights.len())?;
    match weights.iter().position(|w| w.is_nan()) {
        Some(index) => Err(ArqError::NotANumber { index }),
        None => Ok(num_bits),
    }
}

/// Minimum and maximum of every channel.
fn ranges(weights: &[f32], layout: ChannelLayout) -> Vec<(f32, f32)> {
    let mut ranges = vec![(f32::INFINITY, f32::NEG_INFINITY); layout.channels()];
    layout.for_each_run(weights, |channel, run| {
        if let Some((min, max)) = ranges.get_mut(channel) {
            for &w in run {
                *min = min.min(w);
                *max = max.max(w);
            }
        }
    });
    ranges
}
