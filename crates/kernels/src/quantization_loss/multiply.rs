//! The losses by multiplications: exceptional values are divided, the others go to the hot loop.

use super::Candidate;
use super::exceptions::ExceptionSet;
use super::lanes::{Lanes, padded};
use super::misrounded::misrounded;
use super::pack::{BLOCK, Filter, PackedValues};
use super::reciprocals::Reciprocals;
use super::sums::{Constants, Group, Sums, clips_always};
use crate::Isa;

/// The fewest lanes of a vector.
const NARROWEST: usize = 4;

/// What replaces the divisions of a set of candidates.
#[derive(Clone, Debug)]
pub(super) struct Multiply {
    isa: Isa,
    lanes: usize,
    constants: Constants,
    groups: Vec<Group>,
    filter: Filter,
    /// Magnitudes that some candidate's inverse rounds to another integer than the division.
    misrounded: ExceptionSet,
}

impl Multiply {
    /// `None` where the arithmetic is not proved exact or does not pay, and without a fused multiply-add.
    pub(super) fn new(isa: Isa, candidates: &[Candidate], count: usize, expected: [f32; 2]) -> Option<Self> {
        let vectors = isa.vectors();
        if !vectors.fused {
            return None;
        }
        let reciprocals = Reciprocals::new(candidates, count, expected)?;
        let Reciprocals { low, high, tiny, magnitudes, .. } = reciprocals;
        let lanes = vectors.lanes;
        let constants = Constants {
            inverse: padded(reciprocals.inverses.iter().copied(), lanes),
            ceiling: padded(candidates.iter().map(|c| reciprocals.ceiling(c)), lanes),
            correction: padded(candidates.iter().map(|c| reciprocals.correction(c)), lanes),
            count: reciprocals.count,
            signed: reciprocals.signed,
        };
        let clips = candidates.chunks(lanes).map(|chunk| chunk.iter().any(|c| reciprocals.clips(c)));
        let clips: Vec<bool> = clips.collect();
        Some(Self {
            isa,
            lanes,
            constants,
            groups: groups(&clips, lanes, Group::most(vectors.registers)),
            filter: Filter { zeros: false, magnitudes, low, high, tiny },
            misrounded: misrounded(isa, candidates, &reciprocals),
        })
    }

    /// What must be noticed of the values.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Adds the terms of a block.
    pub(super) fn add(&self, candidates: &Lanes, count: f32, packed: &PackedValues, losses: &mut [f32]) {
        let Self { isa, lanes, constants, filter, .. } = self;
        let (values, len) = (packed.vectors(*lanes), packed.values().len());
        let mut marks = [0; BLOCK / NARROWEST];
        let marks = &mut marks[..];
        let mut misrounded = Some(&self.misrounded);
        if packed.noticed() {
            let exceptional = |x: &f32| filter.notices(*x) || self.misrounded.claims(*x);
            for (values, mark) in values.chunks_exact(*lanes).zip(&mut *marks) {
                *mark = values.iter().rev().fold(0, |bits, x| bits << 1 | u32::from(exceptional(x)));
            }
            misrounded = None;
        }
        for &group in &self.groups {
            isa.run(Sums { candidates, constants, group, losses, values, len, marks, misrounded, count });
            // The first group has marked what it was asked to.
            misrounded = None;
        }
    }
}

/// Takes vectors together, as many as there are for `most` at a time, then one by one. `clips` says for each
/// whether it has a candidate that values must be clipped for.
fn groups(clips: &[bool], lanes: usize, most: usize) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut first = 0;
    while first < clips.len() {
        let vectors = if first + most <= clips.len() { most } else { 1 };
        let mut asked = (0..vectors).filter(|&vector| !clips_always(vector, vectors));
        let clips = asked.any(|vector| clips[first + vector]);
        groups.push(Group { lane: first * lanes, vectors, clips });
        first += vectors;
    }
    groups
}
