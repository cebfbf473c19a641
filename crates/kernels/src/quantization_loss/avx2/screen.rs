use std::arch::x86_64::*;

use super::divide::round_half_away;
use super::multiply::{MIN_MAGNITUDE, round_by_inverse};
use super::pack::Packed;
use super::{BLOCK, WIDTH, lanes_of, load, store};
use crate::quantization_loss::Candidate;
use crate::quantization_loss::exceptions::ExceptionSet;

/// Finds the values that must not take the multiplying way.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    low: f32,
    high: f32,
    /// Magnitudes that some candidate's inverse rounds to another integer than the division.
    misrounded: ExceptionSet,
}

/// More than all errors that [`insert_misrounded`] speaks of.
const ABOVE_ONE: f32 = 1.0 + 8.0 * f32::EPSILON;

/// One bit per value of a block, set if the value is exceptional.
pub(super) type Mask = [u8; BLOCK / WIDTH];

impl Screen {
    /// Lets values of `[low, high]` pass unless an inverse misrounds them.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn new(low: f32, high: f32, candidates: &[Candidate], inverses: &[f32]) -> Self {
        let mut misrounded = ExceptionSet::new();
        let limit = high.max(-low);
        for (candidates, inverses) in candidates.chunks(WIDTH).zip(inverses.chunks(WIDTH)) {
            let scale = lanes_of(candidates, |c| c.scale);
            let inverse = lanes_of(inverses, |inverse| *inverse);
            // Clipped values round alike, but for those next to the clip if it is next to a step.
            let limit = lanes_of(candidates, |c| limit.min(c.high.max(-c.low) * ABOVE_ONE));
            insert_misrounded(scale, inverse, limit, &mut misrounded);
        }
        Self { low, high, misrounded }
    }

    /// The exceptional values of a block; bits past its end are clear.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn exceptional(&self, packed: &Packed) -> Mask {
        let low = _mm256_set1_ps(self.low);
        let high = _mm256_set1_ps(self.high);
        let tiny = _mm256_set1_ps(MIN_MAGNITUDE);
        let sign = _mm256_set1_ps(-0.0);
        let mut mask = [0; BLOCK / WIDTH];
        for (vector, mask) in packed.vectors().iter().zip(&mut mask) {
            let x = load(vector);
            let magnitude = _mm256_andnot_ps(sign, x);
            // The comparisons are written so that a NaN is outside.
            let outside = _mm256_or_ps(
                _mm256_or_ps(_mm256_cmp_ps::<_CMP_NGE_UQ>(x, low), _mm256_cmp_ps::<_CMP_NLE_UQ>(x, high)),
                _mm256_cmp_ps::<_CMP_LT_OQ>(magnitude, tiny),
            );
            let claimed = contains(&self.misrounded, magnitude);
            *mask = _mm256_movemask_ps(_mm256_or_ps(outside, claimed)) as u8;
        }
        if let Some(last) = packed.values().len().checked_rem(WIDTH).filter(|&used| used != 0) {
            let index = packed.values().len() / WIDTH;
            mask[index] &= (1 << last) - 1;
        }
        mask
    }
}

/// [`ExceptionSet`]'s look-up: the sign bits of the lanes whose value it claims to hold.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn contains(set: &ExceptionSet, magnitude: __m256) -> __m256 {
    let multiplier = _mm256_set1_epi32(ExceptionSet::MULTIPLIER.cast_signed());
    let hash = _mm256_mullo_epi32(_mm256_castps_si256(magnitude), multiplier);
    let index = _mm256_srli_epi32::<{ ExceptionSet::WORD_SHIFT.cast_signed() }>(hash);
    // SAFETY: an index has 32 - WORD_SHIFT bits, and the array has an element for each of them.
    let word = unsafe { _mm256_i32gather_epi32::<4>(set.words().as_ptr().cast(), index) };
    let five_bits = _mm256_set1_epi32(31);
    let first =
        _mm256_and_si256(_mm256_srli_epi32::<{ ExceptionSet::FIRST_SHIFT.cast_signed() }>(hash), five_bits);
    let second =
        _mm256_and_si256(_mm256_srli_epi32::<{ ExceptionSet::SECOND_SHIFT.cast_signed() }>(hash), five_bits);
    let both = _mm256_and_si256(_mm256_srlv_epi32(word, first), _mm256_srlv_epi32(word, second));
    _mm256_castsi256_ps(_mm256_slli_epi32::<31>(both))
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
fn insert_misrounded(scale: __m256, inverse: __m256, limit: __m256, set: &mut ExceptionSet) {
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
