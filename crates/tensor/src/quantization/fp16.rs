//! Scales as `FORCE_FP16_QUANT` rounds them, and the nearest f16 of a number.

use half::f16;

/// The smallest normal f16, 2^-14.
const F16_MIN_NORMAL: f32 = 1.0 / 16_384.0;
/// The largest finite f16.
const F16_MAX: f32 = 65_504.0;

/// scale_d as `FORCE_FP16_QUANT` has it: rounded to an f16, or, where an f16 holds it badly (outside
/// [2^-14, 65504]), the square of its root rounded to an f16. The chips that compute in f16 multiply
/// by that root twice.
///
/// The root is taken in f64 and rounded once, half to even, as the code does that writes AMCT's
/// records; the square is f32. Far outside the scales that AMCT supports the result is 0 or infinite.
pub fn fp16_scale(scale_d: f32) -> f32 {
    if (F16_MIN_NORMAL..=F16_MAX).contains(&scale_d) {
        return f16::from_f32(scale_d).to_f32();
    }
    let root = round_to_f16(f64::from(scale_d).sqrt());
    root * root
}

/// The f16 nearest to `x`, half to even, rounded once; infinite from 65520 on.
pub fn nearest_f16(x: f64) -> f32 {
    round_to_f16(x.abs()).copysign(x as f32)
}

/// Nearest f16 of a number not below zero, half to even. Going through f32 must not round a second
/// time, so what does not fit an f32 is marked in its last bit, which lies below every f16's.
fn round_to_f16(x: f64) -> f32 {
    let nearest = x as f32;
    let beyond = f64::from(nearest) - x;
    let odd = if beyond == 0.0 || !nearest.is_finite() {
        nearest
    } else {
        // For x >= 0 the bits of floats are in the order of their values.
        let below = if beyond > 0.0 { nearest.to_bits() - 1 } else { nearest.to_bits() };
        f32::from_bits(below | 1)
    };
    f16::from_f32(odd).to_f32()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out by hand: f16 has 10 bits behind the leading one.
    #[test]
    fn a_scale_in_range_is_the_nearest_f16() {
        for (scale, expected) in [
            (0.0078125, 0.0078125),
            // 6/255 = 1.505882 * 2^-6, and 0.505882 * 1024 = 518.02.
            (6.0 / 255.0, (1.0 + 518.0 / 1024.0) / 64.0),
            (0.024, (1.0 + 549.0 / 1024.0) / 64.0),
            // Ties go to the even mantissa.
            (1.0 + 1.0 / 2048.0, 1.0),
            (1.0 + 3.0 / 2048.0, 1.0 + 2.0 / 1024.0),
            (F16_MIN_NORMAL, F16_MIN_NORMAL),
            (F16_MAX, F16_MAX),
        ] {
            assert_eq!(fp16_scale(scale), expected, "{scale}");
        }
    }

    /// The last two values are exact squares; the others NumPy gave for the same steps.
    #[test]
    fn a_scale_out_of_range_is_the_square_of_an_f16() {
        for (scale, bits) in [
            (3e-5_f32, 0x37fb_b880),
            (1.2e-7, 0x3400_dba4),
            (1e5, 0x47c3_5708),
            (7e4, 0x4788_a420),
            (8_388_608.0, 0x4aff_f200),
            (2.0_f32.powi(-16), 2.0_f32.powi(-16).to_bits()),
            // Its root, 255.94, is nearest to 256.
            (65_505.0, 65_536.0_f32.to_bits()),
        ] {
            assert_eq!(fp16_scale(scale).to_bits(), bits, "{scale}");
        }
    }

    #[test]
    fn the_sign_is_kept_and_the_largest_is_65504() {
        for (x, expected) in [
            (-0.024, -(1.0 + 549.0 / 1024.0) / 64.0),
            (65_519.9, F16_MAX),
            (-65_519.9, -F16_MAX),
            (65_520.0, f32::INFINITY),
            (-1e300, f32::NEG_INFINITY),
            (1e-300, 0.0),
        ] {
            assert_eq!(nearest_f16(x), expected, "{x}");
        }
        assert!(nearest_f16(f64::NAN).is_nan());
    }

    #[test]
    fn a_root_is_rounded_once() {
        // The root lies so little above the middle of two f16 that as an f32 it is the middle.
        let middle = 1.0_f64 + 1.0 / 2048.0;
        let above = middle + f64::from(f32::EPSILON) / 8.0;
        assert_eq!(above as f32, middle as f32);
        assert_eq!(round_to_f16(middle), 1.0);
        assert_eq!(round_to_f16(above), 1.0 + 1.0 / 1024.0);
        assert_eq!(round_to_f16(middle - f64::from(f32::EPSILON) / 8.0), 1.0);
    }
}
