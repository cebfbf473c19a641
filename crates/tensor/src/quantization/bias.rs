//! Biases to int32, and the check for those that no float holds.

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

/// The largest quantized bias that a float holds and that is still an int32 when it comes back: the next
/// float is 2^31.
pub const LARGEST_FLOAT_BIAS: u32 = 2_147_483_520;

/// The first quantized bias beyond [`LARGEST_FLOAT_BIAS`], with its channel. ATC may fold the `Cast` behind
/// the biases before it merges them into their layer; they are floats for that time.
pub fn beyond_floats(quantized: &[i32]) -> Option<(usize, i32)> {
    let mut biases = quantized.iter().copied().enumerate();
    biases.find(|(_, bias)| bias.unsigned_abs() > LARGEST_FLOAT_BIAS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_int32_are_beyond_floats() {
        let largest = LARGEST_FLOAT_BIAS as i32;
        assert_eq!(largest as f32 as i32, largest);
        assert_eq!(beyond_floats(&[0, largest, -largest]), None);
        assert_eq!(beyond_floats(&[0, largest + 1, i32::MAX]), Some((1, largest + 1)));
        assert_eq!(beyond_floats(&[i32::MIN]), Some((0, i32::MIN)));
    }
}
