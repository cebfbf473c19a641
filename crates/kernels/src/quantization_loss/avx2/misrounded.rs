//! The magnitudes that multiplication by a scale's inverse rounds to another integer than division does.

use std::arch::x86_64::*;

use super::divide::round_half_away;
use super::{WIDTH, lanes_of, store};
use crate::quantization_loss::Candidate;
use crate::quantization_loss::exceptions::ExceptionSet;
use crate::quantization_loss::reciprocals::{Reciprocals, SIGNED};

/// More than all errors that [`insert`] speaks of.
const ABOVE_ONE: f32 = 1.0 + 8.0 * f32::EPSILON;

/// The magnitudes that some candidate's inverse rounds to another integer than the division.
#[target_feature(enable = "avx2,fma")]
pub(in crate::quantization_loss) fn misrounded(
    candidates: &[Candidate],
    reciprocals: &Reciprocals,
) -> ExceptionSet {
    let mut set = ExceptionSet::new();
    let limit = reciprocals.high.max(-reciprocals.low);
    for (candidates, inverses) in candidates.chunks(WIDTH).zip(reciprocals.inverses.chunks(WIDTH)) {
        let scale = lanes_of(candidates, |c| c.scale);
        let inverse = lanes_of(inverses, |inverse| *inverse);
        // Clipped values round alike, but for those next to the clip if it is next to a step.
        let limit = lanes_of(candidates, |c| limit.min(c.high.max(-c.low) * ABOVE_ONE));
        insert(scale, inverse, limit, &mut set);
    }
    set
}

/// Inserts each positive `x` up to `limit` that the inverse and the division round to different
/// integers.
///
/// Both are staircases with a step near each `(k + 1/2) * scale`, and only between the two steps
/// can they differ. Relative to its place, the division's step is off by at most 2^-24 (rounding of
/// the quotient), the inverse's by 2^-24 (nearest f32) and 2^-23 (if it is a neighbour of that), and
/// the place itself is computed with an error of 2^-24. A unit in the last place is more than 2^-24,
/// so six units to either side cover all of it.
#[target_feature(enable = "avx2,fma")]
fn insert(scale: __m256, inverse: __m256, limit: __m256, set: &mut ExceptionSet) {
    let mut half = 0.5;
    loop {
        let step = _mm256_mul_ps(scale, _mm256_set1_ps(half));
        if _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(step, limit)) == 0 {
            return;
        }
        for units in -6..=6 {
            let x = _mm256_add_epi32(_mm256_castps_si256(step), _mm256_set1_epi32(units));
            let x = _mm256_castsi256_ps(x);
            let multiplied = round_by_inverse(x, inverse);
            let divided = round_half_away(_mm256_div_ps(x, scale));
            let apart = _mm256_cmp_ps::<_CMP_NEQ_UQ>(multiplied, divided);
            let relevant = _mm256_cmp_ps::<_CMP_LE_OQ>(x, limit);
            let mask = _mm256_movemask_ps(_mm256_and_ps(apart, relevant));
            if mask != 0 {
                let values = store(x).into_iter().enumerate();
                values.filter(|(lane, _)| mask >> lane & 1 == 1).for_each(|(_, x)| set.insert(x));
            }
        }
        half += 1.0;
    }
}

/// `x * inverse` rounded to an integer, a half to even.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn round_by_inverse(x: __m256, inverse: __m256) -> __m256 {
    let offset = _mm256_set1_ps(SIGNED);
    _mm256_sub_ps(_mm256_fmadd_ps(x, inverse, offset), offset)
}
