//! Finds the values of a block that must be divided.

use std::arch::x86_64::*;

use super::misrounded::misrounded;
use super::pack::Packed;
use super::{BLOCK, WIDTH, load};
use crate::quantization_loss::Candidate;
use crate::quantization_loss::exceptions::ExceptionSet;
use crate::quantization_loss::reciprocals::Reciprocals;

/// Finds the values that must not take the multiplying way.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    low: f32,
    high: f32,
    /// Magnitudes below it are exceptional.
    tiny: f32,
    /// Magnitudes that some candidate's inverse rounds to another integer than the division.
    misrounded: ExceptionSet,
}

/// One bit per value of a block, set if the value is exceptional.
pub(super) type Mask = [u8; BLOCK / WIDTH];

impl Screen {
    /// Lets the values pass that these reciprocals are for, unless one misrounds them.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn new(candidates: &[Candidate], reciprocals: &Reciprocals) -> Self {
        let Reciprocals { low, high, tiny, .. } = *reciprocals;
        Self { low, high, tiny, misrounded: misrounded(candidates, reciprocals) }
    }

    /// The exceptional values of a block; bits past its end are clear.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn exceptional(&self, packed: &Packed) -> Mask {
        let low = _mm256_set1_ps(self.low);
        let high = _mm256_set1_ps(self.high);
        let tiny = _mm256_set1_ps(self.tiny);
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
    let [first, second, third] = [
        _mm256_srli_epi32::<{ ExceptionSet::BIT_SHIFTS[0].cast_signed() }>(hash),
        _mm256_srli_epi32::<{ ExceptionSet::BIT_SHIFTS[1].cast_signed() }>(hash),
        _mm256_srli_epi32::<{ ExceptionSet::BIT_SHIFTS[2].cast_signed() }>(hash),
    ]
    .map(|shift| _mm256_srlv_epi32(word, _mm256_and_si256(shift, five_bits)));
    let all = _mm256_and_si256(_mm256_and_si256(first, second), third);
    _mm256_castsi256_ps(_mm256_slli_epi32::<31>(all))
}
