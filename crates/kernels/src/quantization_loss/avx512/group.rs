//! Candidates that go through the values together, as many vectors as hide the wait for a sum.

use std::arch::x86_64::*;

use super::pack::{Filter, Packed};
use super::sums::{Constants, Loop};
use super::{Lanes, WIDTH, divide};
use crate::quantization_loss::exceptions::ExceptionSet;
use crate::quantization_loss::reciprocals::Reciprocals;

/// Vectors of candidates that go through the values together.
pub(super) struct Group<'a, const G: usize> {
    pub(super) constants: &'a [Constants; G],
    pub(super) reciprocals: &'a Reciprocals,
    pub(super) filter: &'a Filter,
    pub(super) misrounded: &'a ExceptionSet,
    pub(super) count: __m512,
}

impl<const G: usize> Group<'_, G> {
    /// Adds the terms of a block.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn add(&self, lanes: &mut [Lanes; G], packed: &Packed) {
        let (mut vectors, mut len) = (packed.vectors(), packed.values().len());
        if packed.noticed() {
            for vector in vectors {
                let exceptional = |x: &f32| self.filter.notices(*x) || self.misrounded.claims(*x);
                let bits = vector.iter().rev().fold(0, |bits, x| bits << 1 | u16::from(exceptional(x)));
                self.add_with_exceptions(lanes, vector, len, bits);
                len = len.saturating_sub(WIDTH);
            }
            return;
        }
        loop {
            let (done, claimed) = self.add_run(lanes, vectors, len, Some(self.misrounded));
            len = len.saturating_sub(done * WIDTH);
            let Some([vector, after @ ..]) = vectors.get(done..) else { return };
            self.add_with_exceptions(lanes, vector, len, claimed);
            (vectors, len) = (after, len.saturating_sub(WIDTH));
        }
    }

    /// Adds the terms of the first `len` of the values, dividing those that have a bit.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn add_with_exceptions(&self, lanes: &mut [Lanes; G], vector: &[f32; WIDTH], len: usize, bits: u16) {
        let values = vector.get(..len).unwrap_or(vector);
        let mut bits = bits & u16::MAX.checked_shr((WIDTH - values.len()) as u32).unwrap_or(0);
        let mut start = 0;
        while start < values.len() {
            let end = values.len().min(bits.trailing_zeros() as usize);
            let mut run = [0.0; WIDTH];
            let len = end - start;
            run[..len].copy_from_slice(&values[start..end]);
            self.add_run(lanes, &[run], len, None);
            if let Some(exception) = values.get(end) {
                divide::add(lanes, self.count, &[*exception]);
            }
            bits &= bits.wrapping_sub(1);
            start = end + 1;
        }
    }

    /// See [`Loop::add`].
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn add_run(
        &self,
        lanes: &mut [Lanes; G],
        vectors: &[[f32; WIDTH]],
        len: usize,
        misrounded: Option<&ExceptionSet>,
    ) -> (usize, u16) {
        let run = Loop { constants: self.constants, count: self.reciprocals.count, misrounded };
        let clips = self.constants.iter().skip(G / 2).any(|constants| constants.clips);
        match (self.reciprocals.signed, clips) {
            (false, false) => run.add::<false, false>(lanes, vectors, len),
            (false, true) => run.add::<false, true>(lanes, vectors, len),
            (true, false) => run.add::<true, false>(lanes, vectors, len),
            (true, true) => run.add::<true, true>(lanes, vectors, len),
        }
    }
}
