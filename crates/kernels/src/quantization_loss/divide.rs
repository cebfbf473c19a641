//! The losses by the formula as it stands, divisions included.

use super::lanes::Lanes;
use crate::isa::Kernel;
use crate::simd::{Simd, load, store};

/// Adds the terms of `values`, in order, to the losses of all candidates.
pub(super) struct Divide<'a> {
    pub(super) candidates: &'a Lanes,
    pub(super) losses: &'a mut [f32],
    /// The number of values of the whole sum.
    pub(super) count: f32,
    pub(super) values: &'a [f32],
}

impl Kernel for Divide<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Lanes { scale, low, high } = self.candidates;
        let count = simd.splat_f32(self.count);
        for lane in (0..self.candidates.len()).step_by(S::LANES) {
            let scale = load(simd, &scale[lane..]);
            let (low, high) = (load(simd, &low[lane..]), load(simd, &high[lane..]));
            let mut loss = load(simd, &self.losses[lane..]);
            for &x in self.values {
                let x = simd.splat_f32(x);
                loss = simd.add_f32(loss, term(simd, x, scale, [low, high], count));
            }
            store(simd, &mut self.losses[lane..], loss);
        }
    }
}

/// The terms of one value for a vector of candidates.
#[inline(always)]
pub(super) fn term<S: Simd>(
    simd: S,
    x: S::F32,
    scale: S::F32,
    [low, high]: [S::F32; 2],
    count: S::F32,
) -> S::F32 {
    let rounded = round_half_away(simd, simd.div_f32(simd.clip(x, low, high), scale));
    let difference = simd.sub_f32(simd.mul_f32(rounded, scale), x);
    simd.div_f32(simd.mul_f32(difference, difference), count)
}

/// Rounds to the nearest integer, a half away from zero. Adding the largest f32 below 0.5 carries
/// exactly the magnitudes with a fraction of a half or more to the next integer; then the rest is
/// cut off.
#[inline(always)]
pub(super) fn round_half_away<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    let below_half = simd.with_sign(simd.splat_f32(0.5_f32.next_down()), x);
    simd.trunc(simd.add_f32(x, below_half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;

    struct Rounded<'a>(&'a mut [f32]);

    impl Kernel for Rounded<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            for values in self.0.chunks_exact_mut(S::LANES) {
                let rounded = round_half_away(simd, load(simd, values));
                store(simd, values, rounded);
            }
        }
    }

    #[test]
    fn rounding_is_that_of_the_standard_library() {
        // Every exponent with mantissas of all shapes, and the neighbours of halves.
        let halves = (0..2000).map(|k| k as f32 + 0.5).flat_map(|h| [h.next_down(), h, h.next_up()]);
        let all = (0..=u32::MAX).step_by(10_007).map(f32::from_bits).filter(|x| x.is_finite());
        let mut values: Vec<f32> = halves.chain(all).collect();
        values.truncate(values.len() / 16 * 16);
        for isa in Isa::available() {
            let mut found = values.clone();
            isa.run(Rounded(&mut found));
            for (x, found) in values.iter().zip(found) {
                assert_eq!(found, x.round(), "{isa:?}: {x:e}");
            }
        }
    }
}
