//! Candidates side by side, as vectors read them: arrays that go on to the end of the last vector.

use super::Candidate;

/// The most lanes of a vector.
pub(super) const WIDEST: usize = 16;

/// The properties of candidates by lanes.
#[derive(Clone, Debug)]
pub(super) struct Lanes {
    pub(super) scale: Vec<f32>,
    pub(super) low: Vec<f32>,
    pub(super) high: Vec<f32>,
}

impl Lanes {
    /// For vectors of so many lanes.
    pub(super) fn new(candidates: &[Candidate], lanes: usize) -> Self {
        let padded = |property: fn(&Candidate) -> f32| padded(candidates.iter().map(property), lanes);
        Self { scale: padded(|c| c.scale), low: padded(|c| c.low), high: padded(|c| c.high) }
    }

    /// How many, idle ones included.
    pub(super) fn len(&self) -> usize {
        self.scale.len()
    }
}

/// Values for whole vectors; idle lanes repeat the last one's.
pub(super) fn padded(values: impl Iterator<Item = f32>, lanes: usize) -> Vec<f32> {
    let mut values: Vec<f32> = values.collect();
    let last = values.last().copied().unwrap_or(0.0);
    values.resize(values.len().next_multiple_of(lanes), last);
    values
}
