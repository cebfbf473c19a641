//! The exponential function that the smooth functions share.

use std::f64::consts::{LN_2, LOG2_E};

/// The exponential of `x`, rounded once from f64: the same bits on every machine, unlike the
/// system's `expf`, and within 0.500001 ulp.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    exp_wide(x.into()) as f32
}

/// The exponential of `x` clamped to [-120, 120], within 3e-13 of itself.
///
/// Writes x = k ln 2 + r with |r| <= ln 2 / 2 and sums the series of r to its tenth power.
#[inline(always)]
pub(super) fn exp_wide(x: f64) -> f64 {
    // 1/n! for n = 10 down to 0.
    const SERIES: [f64; 11] = [
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    // Beyond these the f32 result is 0 or infinity; inside, 2^k is a normal f64.
    let x = x.clamp(-120.0, 120.0);
    // Adding 1.5 * 2^52 leaves k in the low bits, rounded to nearest.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = x * LOG2_E + SHIFT;
    let k = shifted - SHIFT;
    let r = x - k * LN_2;
    let series = SERIES.iter().fold(0.0, |sum, term| sum * r + term);
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    series * power
}
