//! The magnitudes that multiplication by a scale's inverse rounds to another integer than division does.

use super::Candidate;
use super::divide::round_half_away;
use super::exceptions::ExceptionSet;
use super::lanes::{Lanes, WIDEST, padded};
use super::reciprocals::{Reciprocals, SIGNED};
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::{Simd, load, store};

/// More than all errors that [`insert`] speaks of.
const ABOVE_ONE: f32 = 1.0 + 8.0 * f32::EPSILON;

/// The magnitudes that some candidate's inverse rounds to another integer than the division.
pub(super) fn misrounded(isa: Isa, candidates: &[Candidate], reciprocals: &Reciprocals) -> ExceptionSet {
    let lanes = isa.vectors().lanes;
    let limit = reciprocals.high.max(-reciprocals.low);
    // Clipped values round alike, but for those next to the clip if it is next to a step.
    let limits = candidates.iter().map(|c| limit.min(c.high.max(-c.low) * ABOVE_ONE));
    let mut set = ExceptionSet::new();
    isa.run(Search {
        scales: &Lanes::new(candidates, lanes).scale,
        inverses: &padded(reciprocals.inverses.iter().copied(), lanes),
        limits: &padded(limits, lanes),
        set: &mut set,
    });
    set
}

/// By lanes, all of the same length.
struct Search<'a> {
    scales: &'a [f32],
    inverses: &'a [f32],
    limits: &'a [f32],
    set: &'a mut ExceptionSet,
}

impl Kernel for Search<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for lane in (0..self.scales.len()).step_by(S::LANES) {
            let scale = load(simd, &self.scales[lane..]);
            let inverse = load(simd, &self.inverses[lane..]);
            let limit = load(simd, &self.limits[lane..]);
            insert(simd, scale, inverse, limit, self.set);
        }
    }
}

/// Inserts each positive `x` up to `limit` that the inverse and the division round to different
/// integers.
///
/// Both are staircases with a step near each `(k + 1/2) * scale`, and only between the two steps
/// can they differ. Relative to its place, the division's step is off by at most 2^-24 (rounding of
/// the quotient), the inverse's by 2^-24 (nearest f32) and 2^-23 (if it is a neighbour of that), and
/// the place itself is computed with an error of 2^-24. A unit in the last place is more than 2^-24,
/// so six units to either side cover all of it.
#[inline(always)]
fn insert<S: Simd>(simd: S, scale: S::F32, inverse: S::F32, limit: S::F32, set: &mut ExceptionSet) {
    let offset = simd.splat_f32(SIGNED);
    let mut half = 0.5;
    loop {
        let step = simd.mul_f32(scale, simd.splat_f32(half));
        if simd.at_most(step, limit) == 0 {
            return;
        }
        for units in -6..=6 {
            let x = simd.cast_f32(simd.add_i32(simd.cast_i32(step), simd.splat_i32(units)));
            // Adding and taking off the constant rounds to an integer, a half to even.
            let multiplied = simd.sub_f32(simd.mul_add(x, inverse, offset), offset);
            let divided = round_half_away(simd, simd.div_f32(x, scale));
            let found = simd.differ(multiplied, divided) & simd.at_most(x, limit);
            if found != 0 {
                let mut values = [0.0; WIDEST];
                store(simd, &mut values, x);
                let values = values.into_iter().enumerate();
                values.filter(|(lane, _)| found >> lane & 1 == 1).for_each(|(_, x)| set.insert(x));
            }
        }
        half += 1.0;
    }
}
