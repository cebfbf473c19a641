//! f16 where nobody tells what lies beyond it.

use amct_tensor::quantization::nearest_f16;

/// The smallest normal f16, 2^-14.
const SMALLEST: f32 = 1.0 / 16_384.0;
/// The largest finite f16.
const LARGEST: f32 = 65_504.0;

/// What a result beyond the largest f16 becomes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Beyond {
    /// The largest one.
    Largest,
    /// Infinity.
    Infinite,
}

impl Beyond {
    /// The nearest f16.
    pub(super) fn f16(self, x: f64) -> f32 {
        let nearest = nearest_f16(x);
        match self {
            Beyond::Largest if nearest.is_infinite() => LARGEST.copysign(nearest),
            _ => nearest,
        }
    }

    /// The nearest f16 of a product, rounded once.
    pub(super) fn product(self, x: f32, factor: f32) -> f32 {
        self.f16(f64::from(x) * f64::from(factor))
    }
}

/// The result of a computation in f16, if it does not depend on what lies beyond f16.
pub(super) fn either_way<T: PartialEq>(compute: impl Fn(Beyond) -> Option<T>) -> Option<T> {
    let result = compute(Beyond::Largest)?;
    (compute(Beyond::Infinite)? == result).then_some(result)
}

/// Whether an f16 holds a scale as a normal number.
pub(super) fn holds(scale: f32) -> bool {
    (SMALLEST..=LARGEST).contains(&scale)
}

/// The f16 of a scale, or of its root if it has to be multiplied by twice.
pub(super) fn factor(scale: f32, twice: bool) -> f32 {
    nearest_f16(if twice { f64::from(scale).sqrt() } else { f64::from(scale) })
}

/// The nearest int8, half to even; `None` for NaN.
pub(super) fn to_i8(x: f64) -> Option<i8> {
    // The cast saturates, and the bounds are integers.
    (!x.is_nan()).then(|| x.round_ties_even().clamp(-128.0, 127.0) as i8)
}
