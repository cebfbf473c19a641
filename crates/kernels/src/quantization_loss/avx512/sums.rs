//! The hot loop of the multiplying way: packed values against groups of candidates, sixteen lanes each.

use std::arch::x86_64::*;

use super::{Lanes, WIDTH, load};
use crate::quantization_loss::count_reciprocal::CountReciprocal;
use crate::quantization_loss::exceptions::ExceptionSet;
use crate::quantization_loss::reciprocals::{SIGNED, UNSIGNED};

/// What replaces the divisions of sixteen candidates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constants {
    /// 1/scale, or a neighbour of it.
    pub(super) inverse: __m512,
    pub(super) scale: __m512,
    /// The largest sum of a rounded value and the rounding constant, as bits.
    pub(super) ceiling: __m512i,
    /// What takes that constant, times the scale, off again; 0.0 in the signed case.
    pub(super) correction: __m512,
    /// Whether a value that need not be divided can reach the ceiling.
    pub(super) clips: bool,
}

/// What the hot loop needs besides the values.
#[derive(Clone, Copy)]
pub(super) struct Loop<'a, const G: usize> {
    pub(super) constants: &'a [Constants; G],
    pub(super) count: CountReciprocal,
    /// The values that must not take part.
    pub(super) misrounded: Option<&'a ExceptionSet>,
}

impl<const G: usize> Loop<'_, G> {
    /// Adds the terms of values that need no division to the losses. The values come by vectors, the
    /// last filled up: `len` are meant.
    ///
    /// Stops before the first vector with a value that is claimed to be misrounded; tells how many
    /// vectors are done, and of that vector which values. The look-ups hide behind the multiplications, which are what limits the loop.
    ///
    /// For every value and vector of candidates eight instructions, nine if `S`igned, five of them for
    /// the multipliers. Clipping is one of them: the vectors of the first half always clip, since
    /// IFMR's candidates ascend and half of them end below the range; the others if `CLIPS`.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn add<const S: bool, const CLIPS: bool>(
        self,
        lanes: &mut [Lanes; G],
        vectors: &[[f32; WIDTH]],
        len: usize,
    ) -> (usize, u16) {
        let offset = _mm512_set1_ps(if S { SIGNED } else { UNSIGNED });
        let high = _mm512_set1_ps(self.count.high);
        let low = _mm512_set1_ps(self.count.low);
        // Copies, so that they may live in registers.
        let constants = *self.constants;
        let mut losses = lanes.each_ref().map(|lanes| lanes.loss);
        let mut left = len;
        let (mut done, mut claimed) = (0, 0);
        for vector in vectors {
            claimed = self.misrounded.map_or(0, |set| claims(set, vector));
            if claimed != 0 {
                break;
            }
            for &x in vector.iter().take(left) {
                let x = _mm512_set1_ps(x);
                for (index, (loss, constants)) in losses.iter_mut().zip(&constants).enumerate() {
                    let mut rounded = _mm512_fmadd_ps(x, constants.inverse, offset);
                    if CLIPS || index < G / 2 {
                        // Positive floats are ordered as integers, whose minimum has more units.
                        let bits = _mm512_min_epu32(_mm512_castps_si512(rounded), constants.ceiling);
                        rounded = _mm512_castsi512_ps(bits);
                    }
                    let quantized = if S {
                        _mm512_mul_ps(_mm512_sub_ps(rounded, offset), constants.scale)
                    } else {
                        _mm512_fmadd_ps(rounded, constants.scale, constants.correction)
                    };
                    let difference = _mm512_sub_ps(quantized, x);
                    let square = _mm512_mul_ps(difference, difference);
                    let term = _mm512_fmadd_ps(square, high, _mm512_mul_ps(square, low));
                    *loss = _mm512_add_ps(*loss, term);
                }
            }
            left = left.saturating_sub(WIDTH);
            done += 1;
        }
        for (lanes, loss) in lanes.iter_mut().zip(losses) {
            lanes.loss = loss;
        }
        (done, claimed)
    }
}

/// [`ExceptionSet::claims`] for sixteen values, a bit for each.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn claims(set: &ExceptionSet, values: &[f32; WIDTH]) -> u16 {
    let multiplier = _mm512_set1_epi32(ExceptionSet::MULTIPLIER.cast_signed());
    let hash = _mm512_mullo_epi32(_mm512_castps_si512(load(values)), multiplier);
    let index = _mm512_srli_epi32::<{ ExceptionSet::WORD_SHIFT }>(hash);
    // SAFETY: an index has 32 - WORD_SHIFT bits, and the array has an element for each of them.
    let word = unsafe { _mm512_i32gather_epi32::<4>(index, set.words().as_ptr().cast()) };
    let five_bits = _mm512_set1_epi32(31);
    let [first, second, third] = [
        _mm512_srli_epi32::<{ ExceptionSet::BIT_SHIFTS[0] }>(hash),
        _mm512_srli_epi32::<{ ExceptionSet::BIT_SHIFTS[1] }>(hash),
        _mm512_srli_epi32::<{ ExceptionSet::BIT_SHIFTS[2] }>(hash),
    ]
    .map(|shift| _mm512_srlv_epi32(word, _mm512_and_si512(shift, five_bits)));
    let all = _mm512_and_si512(_mm512_and_si512(first, second), third);
    _mm512_test_epi32_mask(all, _mm512_set1_epi32(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::has_avx512;

    #[test]
    fn claims_are_those_of_the_set() {
        if !has_avx512() {
            return;
        }
        let value = |i: u32| f32::from_bits(0x3E00_0000 + i * 7_919);
        let mut set = ExceptionSet::new();
        (0..5_000).step_by(3).for_each(|i| set.insert(value(i)));
        for first in 0..5_000 {
            let values: [f32; WIDTH] = std::array::from_fn(|lane| -value(first + lane as u32));
            // SAFETY: the features were detected.
            let found = unsafe { claims(&set, &values) };
            let expected = values.iter().rev().fold(0, |bits, x| bits << 1 | u16::from(set.claims(*x)));
            assert_eq!(found, expected, "{first}");
        }
    }
}
