//! The hot loop of the multiplying way: packed values against a group of candidates. The few that are marked
//! as exceptional are divided on the way.

use super::count_reciprocal::CountReciprocal;
use super::divide;
use super::exceptions::ExceptionSet;
use super::lanes::Lanes;
use super::reciprocals;
use crate::isa::Kernel;
use crate::simd::{Simd, gather, load, store};

/// What replaces the divisions of all candidates, by lanes.
#[derive(Clone, Debug)]
pub(super) struct Constants {
    /// 1/scale, or a neighbour of it.
    pub(super) inverse: Vec<f32>,
    /// The largest sum of a rounded value and the rounding constant.
    pub(super) ceiling: Vec<f32>,
    /// What takes that constant, times the scale, off again; 0.0 in the signed case.
    pub(super) correction: Vec<f32>,
    /// That of the number of values.
    pub(super) count: CountReciprocal,
    /// Whether negative values reach the sum.
    pub(super) signed: bool,
}

/// Vectors of candidates that go through the values together: the additions to one sum wait for each
/// other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// The first lane.
    pub(super) lane: usize,
    /// [`most`](Group::most), or one.
    pub(super) vectors: usize,
    /// Whether a value that need not be divided can reach a ceiling of the vectors that do not always
    /// clip, see [`clips_always`].
    pub(super) clips: bool,
}

impl Group {
    /// The most vectors: their sums and constants fill the registers, and 60 candidates are four of the
    /// widest.
    pub(super) const fn most(registers: usize) -> usize {
        if registers == 32 { 4 } else { 2 }
    }
}

/// Whether a vector of a group of so many clips without being asked: of IFMR's candidates, which ascend and
/// all are in a group of four, half end below the range.
pub(super) const fn clips_always(vector: usize, vectors: usize) -> bool {
    vectors == 4 && vector < 2
}

/// Values that are looked up together, which hides behind the multiplications of those before.
const LOOKED_UP: usize = 64;

/// Adds the terms of values, in order, to the losses of a group.
pub(super) struct Sums<'a> {
    pub(super) candidates: &'a Lanes,
    pub(super) constants: &'a Constants,
    pub(super) group: Group,
    /// Those of all candidates.
    pub(super) losses: &'a mut [f32],
    /// Whole vectors, of which the first `len` values are meant.
    pub(super) values: &'a [f32],
    pub(super) len: usize,
    /// For each vector a bit for each value that must be divided.
    pub(super) marks: &'a mut [u32],
    /// The values to mark; without it, the marks are there already.
    pub(super) misrounded: Option<&'a ExceptionSet>,
    /// The number of values of the whole sum.
    pub(super) count: f32,
}

impl Kernel for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // Spares the code of loops that never run.
        assert!(S::FUSED, "the multiplying way is for instruction sets with a fused multiply-add");
        match (self.group.vectors == 1, S::REGISTERS == 32) {
            (true, _) => self.group_of::<S, 1>(simd),
            (false, true) => self.group_of::<S, { Group::most(32) }>(simd),
            (false, false) => self.group_of::<S, { Group::most(16) }>(simd),
        }
    }
}

impl Sums<'_> {
    #[inline(always)]
    fn group_of<S: Simd, const G: usize>(self, simd: S) {
        // The few vectors that are left over clip in any case, which spares loops of their own.
        match (self.constants.signed, self.group.clips || G == 1) {
            (false, false) => self.add::<S, G, false, false>(simd),
            (false, true) => self.add::<S, G, false, true>(simd),
            (true, false) => self.add::<S, G, true, false>(simd),
            (true, true) => self.add::<S, G, true, true>(simd),
        }
    }

    #[inline(always)]
    fn add<S: Simd, const G: usize, const SIGNED: bool, const CLIPS: bool>(self, simd: S) {
        let quick = Quick::<S, G, SIGNED, CLIPS>::new(simd, self.candidates, self.constants, self.group);
        let lane = self.group.lane;
        let mut losses = vectors::<S, G>(simd, &self.losses[lane..]);
        let vectors = self.values.len() / S::LANES;
        let mut done = 0;
        while done < vectors {
            let mut ahead = vectors - done;
            if let Some(set) = self.misrounded {
                ahead = ahead.min(LOOKED_UP / S::LANES);
                let values = self.values[done * S::LANES..].chunks_exact(S::LANES);
                for (mark, values) in self.marks[done..done + ahead].iter_mut().zip(values) {
                    *mark = claims(simd, set, values);
                }
            }
            let end = done + ahead;
            while done < end {
                let first = done;
                while done < end && self.marks[done] == 0 {
                    done += 1;
                }
                for &x in &self.values[first * S::LANES..(done * S::LANES).min(self.len)] {
                    quick.add(simd, &mut losses, x);
                }
                if done == end {
                    break;
                }
                let marked = &self.values[done * S::LANES..((done + 1) * S::LANES).min(self.len)];
                for (i, &x) in marked.iter().enumerate() {
                    if self.marks[done] >> i & 1 == 0 {
                        quick.add(simd, &mut losses, x);
                    } else {
                        self.divide(simd, &mut losses, x);
                    }
                }
                done += 1;
            }
        }
        for (vector, loss) in losses.into_iter().enumerate() {
            store(simd, &mut self.losses[lane + vector * S::LANES..], loss);
        }
    }

    /// Adds the terms of a value, divisions included.
    #[inline(always)]
    fn divide<S: Simd, const G: usize>(&self, simd: S, losses: &mut [S::F32; G], x: f32) {
        let (x, count) = (simd.splat_f32(x), simd.splat_f32(self.count));
        for (vector, loss) in losses.iter_mut().enumerate() {
            let lane = self.group.lane + vector * S::LANES;
            let scale = load(simd, &self.candidates.scale[lane..]);
            let low = load(simd, &self.candidates.low[lane..]);
            let high = load(simd, &self.candidates.high[lane..]);
            *loss = simd.add_f32(*loss, divide::term(simd, x, scale, [low, high], count));
        }
    }
}

/// The constants of a group in registers.
struct Quick<S: Simd, const G: usize, const SIGNED: bool, const CLIPS: bool> {
    inverse: [S::F32; G],
    scale: [S::F32; G],
    ceiling: [S::F32; G],
    correction: [S::F32; G],
    offset: S::F32,
    high: S::F32,
    low: S::F32,
}

impl<S: Simd, const G: usize, const SIGNED: bool, const CLIPS: bool> Quick<S, G, SIGNED, CLIPS> {
    #[inline(always)]
    fn new(simd: S, candidates: &Lanes, constants: &Constants, group: Group) -> Self {
        Self {
            inverse: vectors(simd, &constants.inverse[group.lane..]),
            scale: vectors(simd, &candidates.scale[group.lane..]),
            ceiling: vectors(simd, &constants.ceiling[group.lane..]),
            correction: vectors(simd, &constants.correction[group.lane..]),
            offset: simd.splat_f32(if SIGNED { reciprocals::SIGNED } else { reciprocals::UNSIGNED }),
            high: simd.splat_f32(constants.count.high),
            low: simd.splat_f32(constants.count.low),
        }
    }

    /// Adds the terms of a value that need not be divided: for every vector of candidates eight
    /// instructions, nine if signed, five of them for the multipliers. Clipping is one of them.
    #[inline(always)]
    fn add(&self, simd: S, losses: &mut [S::F32; G], x: f32) {
        let x = simd.splat_f32(x);
        for (v, loss) in losses.iter_mut().enumerate() {
            let mut rounded = simd.mul_add(x, self.inverse[v], self.offset);
            if CLIPS || clips_always(v, G) {
                rounded = simd.min_unsigned(rounded, self.ceiling[v]);
            }
            let quantized = if SIGNED {
                simd.mul_f32(simd.sub_f32(rounded, self.offset), self.scale[v])
            } else {
                simd.mul_add(rounded, self.scale[v], self.correction[v])
            };
            let difference = simd.sub_f32(quantized, x);
            let square = simd.mul_f32(difference, difference);
            let term = simd.mul_add(square, self.high, simd.mul_f32(square, self.low));
            *loss = simd.add_f32(*loss, term);
        }
    }
}

/// G vectors of values.
#[inline(always)]
fn vectors<S: Simd, const G: usize>(simd: S, values: &[f32]) -> [S::F32; G] {
    // No `from_fn`: what it calls is compiled without the features of the instruction set.
    let mut vectors = [simd.splat_f32(0.0); G];
    for (vector, values) in vectors.iter_mut().zip(values.chunks_exact(S::LANES)) {
        *vector = load(simd, values);
    }
    vectors
}

/// [`ExceptionSet::claims`] for a vector of values, a bit for each.
#[inline(always)]
fn claims<S: Simd>(simd: S, set: &ExceptionSet, values: &[f32]) -> u32 {
    let multiplier = simd.splat_i32(ExceptionSet::MULTIPLIER.cast_signed());
    let hash = simd.mul_i32(simd.cast_i32(load(simd, values)), multiplier);
    let index = simd.shift_right(hash, simd.splat_i32(ExceptionSet::WORD_SHIFT.cast_signed()));
    let word = gather(simd, set.words(), index);
    let mut all = simd.splat_i32(1);
    for by in ExceptionSet::BIT_SHIFTS {
        let bit = simd.shift_right(hash, simd.splat_i32(by.cast_signed()));
        all = simd.and_i32(all, simd.shift_right(word, simd.and_i32(bit, simd.splat_i32(31))));
    }
    simd.odd(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;

    struct Claims<'a>(&'a ExceptionSet, &'a [f32]);

    impl Kernel for Claims<'_> {
        type Output = Vec<bool>;

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Vec<bool> {
            let bits = self.1.chunks_exact(S::LANES).map(|values| claims(simd, self.0, values));
            bits.flat_map(|bits| (0..S::LANES).map(move |lane| bits >> lane & 1 == 1)).collect()
        }
    }

    #[test]
    fn claims_are_those_of_the_set() {
        let value = |i: u32| f32::from_bits(0x3E00_0000 + i * 7_919);
        let mut set = ExceptionSet::new();
        (0..8_000).step_by(3).for_each(|i| set.insert(value(i)));
        let values: Vec<f32> = (0..8_000).map(|i| -value(i)).collect();
        let expected: Vec<bool> = values.iter().map(|x| set.claims(*x)).collect();
        for isa in Isa::available() {
            assert_eq!(isa.run(Claims(&set, &values)), expected, "{isa:?}");
        }
    }
}
