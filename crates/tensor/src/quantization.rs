//! The arithmetic between real numbers and int8: scale rules, quantize, bias and dequantize words.
//!
//! Everything here is exact to the bit with AMCT's kernels; each function names its rule. Scales
//! are `f32`; `scale_d` and `offset_d` belong to an activation (data), `scale_w` to weights.

mod bias;
mod deq_scale;
mod fake_quant;
mod fp16;
mod scale;

pub use bias::{BiasOverflow, LARGEST_FLOAT_BIAS, beyond_floats, quantize_bias};
pub use deq_scale::DeqScale;
pub use fake_quant::FakeQuantGrid;
pub use fp16::{fp16_scale, nearest_f16};
pub use scale::{ActivationParams, ScaleError, process_scale};

/// The smallest int8 value.
pub const I8_MIN: i32 = i8::MIN as i32;
/// The largest int8 value.
pub const I8_MAX: i32 = i8::MAX as i32;

/// Quantizes one activation: `clamp(round_half_away(x * inverse_scale) + offset)` to int8.
///
/// This is the CPU kernel of `AscendQuant`; `inverse_scale` is the op's `scale` attribute,
/// 1/scale_d. A NaN becomes `offset` clamped to int8 (Rust's `as` turns it into 0).
#[inline]
pub fn quantize(x: f32, inverse_scale: f32, offset: i32) -> i8 {
    let rounded = crate::rounding::half_away(x * inverse_scale);
    // Beyond ±1024 the clamp decides whatever the offset, so the cast cannot overflow.
    let clamped = rounded.clamp(-1024.0, 1024.0) as i32;
    (clamped + offset).clamp(I8_MIN, I8_MAX) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantize_rounds_half_away_and_clamps() {
        assert_eq!(quantize(2.5, 1.0, 0), 3);
        assert_eq!(quantize(-2.5, 1.0, 0), -3);
        assert_eq!(quantize(1e6, 1.0, -128), 127);
        assert_eq!(quantize(-1e6, 1.0, 127), -128);
        assert_eq!(quantize(f32::INFINITY, 1.0, 0), 127);
    }
}
