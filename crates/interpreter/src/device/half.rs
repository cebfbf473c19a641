//! f16 as the chips compute it: a number beyond the largest stays at it.

use amct_tensor::quantization::nearest_f16;

/// The smallest normal f16, 2^-14.
const SMALLEST: f32 = 1.0 / 16_384.0;
/// The largest finite f16.
const LARGEST: f32 = 65_504.0;

/// The nearest f16. Conversions saturate on all chips (docs/devices.md).
pub(super) fn f16(x: f64) -> f32 {
    let nearest = nearest_f16(x);
    if nearest.is_infinite() { LARGEST.copysign(nearest) } else { nearest }
}

/// The nearest f16 of a product, rounded once.
pub(super) fn product(x: f32, factor: f32) -> f32 {
    f16(f64::from(x) * f64::from(factor))
}

/// Whether an f16 holds a scale as a normal number.
pub(super) fn holds(scale: f32) -> bool {
    (SMALLEST..=LARGEST).contains(&scale)
}

/// The f16 of a scale, or of its root if it has to be multiplied by twice.
pub(super) fn factor(scale: f32, twice: bool) -> f32 {
    f16(if twice { f64::from(scale).sqrt() } else { f64::from(scale) })
}

/// The nearest int8, half to even; `None` for NaN.
pub(super) fn to_i8(x: f64) -> Option<i8> {
    // The cast saturates, and the bounds are integers.
    (!x.is_nan()).then(|| x.round_ties_even().clamp(-128.0, 127.0) as i8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_f16_stays_at_its_end() {
        assert_eq!([f16(1e9), f16(f64::NEG_INFINITY), f16(65_519.0)], [LARGEST, -LARGEST, LARGEST]);
        assert_eq!(product(60_000.0, -2.0), -LARGEST);
        assert!(f16(f64::NAN).is_nan());
    }
}
