//! The losses by the formula as it stands, divisions included.

use std::arch::x86_64::*;

use super::Lanes;

/// Adds the terms of `values` by the formula as it stands, divisions included.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn add(lanes: &mut [Lanes], count: __m512, values: &[f32]) {
    for &x in values {
        for lanes in &mut *lanes {
            lanes.loss = _mm512_add_ps(lanes.loss, term(lanes, count, x));
        }
    }
}

/// The share of one value in the losses.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn term(lanes: &Lanes, count: __m512, x: f32) -> __m512 {
    let x = _mm512_set1_ps(x);
    let clipped = _mm512_min_ps(_mm512_max_ps(x, lanes.low), lanes.high);
    let rounded = round_half_away(_mm512_div_ps(clipped, lanes.scale));
    let difference = _mm512_sub_ps(_mm512_mul_ps(rounded, lanes.scale), x);
    _mm512_div_ps(_mm512_mul_ps(difference, difference), count)
}

/// Rounds to the nearest integer, a half away from zero. Adding the largest f32 below 0.5 carries
/// exactly the magnitudes with a fraction of a half or more to the next integer; then the rest is
/// cut off.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn round_half_away(x: __m512) -> __m512 {
    let sign = _mm512_and_ps(x, _mm512_set1_ps(-0.0));
    let below_half = _mm512_or_ps(_mm512_set1_ps(0.5f32.next_down()), sign);
    _mm512_roundscale_ps::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(_mm512_add_ps(x, below_half))
}

#[cfg(test)]
mod tests {
    use super::super::{WIDTH, load, store};
    use super::*;
    use crate::isa::has_avx512;

    #[test]
    fn rounding_is_that_of_the_standard_library() {
        if !has_avx512() {
            return;
        }
        // Every exponent with mantissas of all shapes, and the neighbours of halves.
        let halves = (0..2000).map(|k| k as f32 + 0.5).flat_map(|h| [h.next_down(), h, h.next_up()]);
        let all = (0..=u32::MAX).step_by(10_007).map(f32::from_bits).filter(|x| x.is_finite());
        let values: Vec<f32> = halves.chain(all).collect();
        for chunk in values.as_chunks::<WIDTH>().0 {
            // SAFETY: the features were detected.
            let rounded = store(unsafe { round_half_away(load(chunk)) });
            assert_eq!(rounded, chunk.map(f32::round), "{chunk:?}");
        }
    }
}
