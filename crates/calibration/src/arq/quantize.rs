//! Weights to integers and back to the floats that these stand for.

use std::ops::RangeInclusive;

use amct_tensor::rounding::{half_away, half_away_f64};

use super::{ArqError, ChannelLayout};

/// Bit widths that int8 weights hold.
pub(super) const NUM_BITS: RangeInclusive<u32> = 2..=8;

/// In which precision a weight is divided by its scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Division {
    /// Both widened to f64, as when AMCT's front ends call the kernel from Python.
    #[default]
    F64,
    /// In f32, as in the C++ kernel itself.
    KernelF32,
}

impl Division {
    /// The quotient rounded to an integer, a half away from zero.
    fn round(self, weight: f32, scale: f32) -> f32 {
        match self {
            // An integer of more than 24 bits is rounded once more, far outside of int8.
            Division::F64 => half_away_f64(f64::from(weight) / f64::from(scale)) as f32,
            Division::KernelF32 => half_away(weight / scale),
        }
    }
}

/// How the weights of a channel are quantized: `q = round(w / scale) + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightParams {
    /// scale_w
    pub scale: f32,
    /// offset_w, the integer that stands for 0.0; 0 for symmetric weights.
    pub offset: i32,
}

/// The symmetric integers of 8 bits of weights, `clamp(round_half_away(w / scale))`; `scales` has
/// one entry per channel of the layout.
///
/// # Errors
/// [`ArqError::Scales`], [`ArqError::Empty`] or [`ArqError::Layout`] for numbers of values that do
/// not belong together.
pub fn quantize(
    weights: &[f32],
    scales: &[f32],
    layout: ChannelLayout,
    division: Division,
) -> Result<Vec<i8>, ArqError> {
    quantize_asymmetric(weights, &symmetric(scales), layout, 8, division)
}

/// The integers of `num_bits` (2 to 8) bits of weights.
///
/// # Errors
/// Those of [`quantize`] and [`ArqError::NumBits`].
pub fn quantize_asymmetric(
    weights: &[f32],
    params: &[WeightParams],
    layout: ChannelLayout,
    num_bits: u32,
    division: Division,
) -> Result<Vec<i8>, ArqError> {
    check_num_bits(num_bits)?;
    check_params(weights.len(), params.len(), layout)?;
    let limit = (1u32 << (num_bits - 1)) as f32;
    let mut integers = Vec::with_capacity(weights.len());
    layout.for_each_run(weights, |channel, run| {
        if let Some(&WeightParams { scale, offset }) = params.get(channel) {
            let quantize =
                |w: f32| (division.round(w, scale) + offset as f32).clamp(-limit, limit - 1.0) as i8;
            integers.extend(run.iter().map(|&w| quantize(w)));
        }
    });
    Ok(integers)
}

/// The real numbers that symmetric integers stand for: `q * scale` in f32.
///
/// # Errors
/// Those of [`quantize`].
pub fn fake_quantize(integers: &[i8], scales: &[f32], layout: ChannelLayout) -> Result<Vec<f32>, ArqError> {
    fake_quantize_asymmetric(integers, &symmetric(scales), layout)
}

/// The real numbers that integers stand for: `(q - offset) * scale` in f32.
///
/// # Errors
/// Those of [`quantize`].
pub fn fake_quantize_asymmetric(
    integers: &[i8],
    params: &[WeightParams],
    layout: ChannelLayout,
) -> Result<Vec<f32>, ArqError> {
    check_params(integers.len(), params.len(), layout)?;
    let mut weights = Vec::with_capacity(integers.len());
    layout.for_each_run(integers, |channel, run| {
        if let Some(&WeightParams { scale, offset }) = params.get(channel) {
            weights.extend(run.iter().map(|&q| (i32::from(q) - offset) as f32 * scale));
        }
    });
    Ok(weights)
}

fn symmetric(scales: &[f32]) -> Vec<WeightParams> {
    scales.iter().map(|&scale| WeightParams { scale, offset: 0 }).collect()
}

pub(super) fn check_num_bits(num_bits: u32) -> Result<(), ArqError> {
    if NUM_BITS.contains(&num_bits) { Ok(()) } else { Err(ArqError::NumBits(num_bits)) }
}

fn check_params(weights: usize, params: usize, layout: ChannelLayout) -> Result<(), ArqError> {
    if params != layout.channels() {
        return Err(ArqError::Scales { expected: layout.channels(), found: params });
    }
    layout.check(weights)
}
