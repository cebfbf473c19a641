use std::fmt;

use crate::rounding::half_even;

/// A bias that does not fit into int32 after division by scale_d * scale_w.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BiasOverflow {
    /// Index of the output channel.
    pub channel: usize,
    /// The quantized value that is out of range.
    pub value: f32,
}

impl fmt::Display for BiasOverflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quantized bias {} of channel {} exceeds the int32 range", self.value, self.channel)
    }
}

impl std::error::Error for BiasOverflow {}

/// Quantizes a bias: `round_half_even(bias / (scale_w * scale_d))` in f32, checked to int32.
///
/// `scale_w` has one entry (per tensor) or one per channel; an entry past its end repeats the last.
///
/// # Errors
/// [`BiasOverflow`] for a value outside int32 or a NaN: AMCT refuses rather than saturates.
pub fn quantize_bias(bias: &[f32], scale_d: f32, scale_w: &[f32]) -> Result<Vec<i32>, BiasOverflow> {
    let last = scale_w.last().copied().unwrap_or(1.0);
    bias.iter()
        .enumerate()
        .map(|(channel, &b)| {
            let scale = scale_w.get(channel).copied().unwrap_or(last) * scale_d;
            let value = half_even(b / scale);
            // 2^31 is exact in f32, so `<` is the int32 test.
            if (-2_147_483_648.0..2_147_483_648.0).contains(&value) {
                Ok(value as i32)
            } else {
                Err(BiasOverflow { channel, value })
            }
        })
        .collect()
}
