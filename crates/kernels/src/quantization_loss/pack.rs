//! Packs the values of a block that count, and notices those that must be divided.

use super::lanes::WIDEST;
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::{Simd, load, store};

/// Values that are packed at once; they stay in the L1 cache.
pub(super) const BLOCK: usize = 1024;

/// Which values are packed, which are noticed meanwhile, and whether their signs are dropped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    /// Whether zeros are packed.
    pub(super) zeros: bool,
    /// What is packed is the magnitude, which then must lie between the bounds.
    pub(super) magnitudes: bool,
    pub(super) low: f32,
    pub(super) high: f32,
    /// Magnitudes below it are noticed, too.
    pub(super) tiny: f32,
}

impl Filter {
    /// Notices nothing.
    pub(super) fn everything(zeros: bool) -> Self {
        Self { zeros, magnitudes: false, low: f32::NEG_INFINITY, high: f32::INFINITY, tiny: 0.0 }
    }

    /// Whether this value is noticed; a NaN is.
    pub(super) fn notices(&self, x: f32) -> bool {
        !(x >= self.low && x <= self.high && x.abs() >= self.tiny)
    }
}

/// The values of a block that count, in order.
pub(super) struct PackedValues {
    /// The last vector written may reach past `len`.
    values: [f32; BLOCK + WIDEST],
    len: usize,
    noticed: bool,
}

impl PackedValues {
    pub(super) fn new() -> Self {
        Self { values: [0.0; BLOCK + WIDEST], len: 0, noticed: false }
    }

    /// Replaces the content by the values of a block of at most [`BLOCK`] values.
    pub(super) fn fill(&mut self, isa: Isa, block: &[f32], filter: &Filter) {
        (self.len, self.noticed) = (0, false);
        isa.run(Pack { block, filter, packed: self });
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values[..self.len]
    }

    /// The values in whole vectors; behind the last one are finite numbers of no meaning.
    pub(super) fn vectors(&self, lanes: usize) -> &[f32] {
        &self.values[..self.len.next_multiple_of(lanes)]
    }

    /// Whether the filter noticed any of the values.
    pub(super) fn noticed(&self) -> bool {
        self.noticed
    }
}

struct Pack<'a> {
    block: &'a [f32],
    filter: &'a Filter,
    packed: &'a mut PackedValues,
}

impl Kernel for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { block, filter, packed } = self;
        let push = Push::<S>::new(simd, filter);
        // What the loop carries must not live in memory.
        let (mut len, mut noticed) = (0, 0);
        let vectors = block.chunks_exact(S::LANES);
        let rest = vectors.remainder();
        for vector in vectors {
            let x = load(simd, vector);
            (len, noticed) = push.push(simd, x, u32::MAX, &mut packed.values, len, noticed);
        }
        if !rest.is_empty() {
            let mut padded = [0.0; WIDEST];
            padded[..rest.len()].copy_from_slice(rest);
            let (x, bits) = (load(simd, &padded), (1 << rest.len()) - 1);
            (len, noticed) = push.push(simd, x, bits, &mut packed.values, len, noticed);
        }
        (packed.len, packed.noticed) = (len, noticed != 0);
    }
}

/// A [`Filter`] by lanes.
struct Push<S: Simd> {
    zeros: bool,
    /// What is left of a value's bits.
    kept_bits: S::I32,
    low: S::F32,
    high: S::F32,
    tiny: S::F32,
}

impl<S: Simd> Push<S> {
    #[inline(always)]
    fn new(simd: S, filter: &Filter) -> Self {
        Self {
            zeros: filter.zeros,
            kept_bits: simd.splat_i32(if filter.magnitudes { i32::MAX } else { -1 }),
            low: simd.splat_f32(filter.low),
            high: simd.splat_f32(filter.high),
            tiny: simd.splat_f32(filter.tiny),
        }
    }

    /// Packs the lanes that have a bit behind the first `len` values; returns the new length, and a bit more
    /// than `noticed` if the filter notices one.
    #[inline(always)]
    fn push(&self, simd: S, x: S::F32, bits: u32, to: &mut [f32], len: usize, noticed: u32) -> (usize, u32) {
        let lanes = bits & u32::MAX >> (32 - S::LANES);
        let kept = if self.zeros { lanes } else { lanes & simd.differ(x, simd.splat_f32(0.0)) };
        let bits = simd.cast_i32(x);
        let magnitude = simd.cast_f32(simd.and_i32(bits, simd.splat_i32(i32::MAX)));
        let x = simd.cast_f32(simd.and_i32(bits, self.kept_bits));
        // A NaN is not inside.
        let inside =
            simd.at_most(self.low, x) & simd.at_most(x, self.high) & simd.at_most(self.tiny, magnitude);
        store(simd, &mut to[len..], simd.compress(x, kept));
        (len + kept.count_ones() as usize, noticed | kept & !inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_is_packed_in_order_and_what_is_outside_is_noticed() {
        let value = |i: usize| if i % 3 == 1 { 0.0 } else { (i as f32 - 40.0) / 8.0 };
        let inside = Filter { zeros: false, magnitudes: false, low: -5.0, high: 12.0, tiny: 0.125 };
        for isa in Isa::available() {
            for len in [0, 1, 7, 8, 15, 16, 17, 100, 137, 138] {
                let block: Vec<f32> = (0..len).map(value).collect();
                for (zeros, magnitudes) in [(false, false), (true, false), (false, true)] {
                    let filter = Filter { zeros, magnitudes, ..Filter::everything(zeros) };
                    let mut packed = PackedValues::new();
                    packed.fill(isa, &block, &filter);
                    let kept = block.iter().filter(|x| zeros || **x != 0.0);
                    let kept: Vec<f32> = kept.map(|x| if magnitudes { x.abs() } else { *x }).collect();
                    assert_eq!(packed.values(), kept, "{isa:?}, {len} values, {filter:?}");
                    assert!(!packed.noticed());
                    packed.fill(isa, &block, &Filter { magnitudes, ..inside });
                    // The last of 138 values is above the range; the first is on its edge.
                    let outside = packed.values().iter().any(|x| inside.notices(*x));
                    assert_eq!(packed.noticed(), outside, "{isa:?}, {len} values");
                    assert_eq!(outside, len == 138, "{len} values");
                }
            }
        }
    }
}
