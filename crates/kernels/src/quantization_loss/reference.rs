//! The loss straight from its formula; what runs where there is no faster kernel.

use amct_tensor::rounding::half_away;

use super::Candidate;

/// The share of one value in the loss of one candidate.
pub fn term(x: f32, candidate: &Candidate, count: f32) -> f32 {
    let clipped = x.max(candidate.low).min(candidate.high);
    let difference = half_away(clipped / candidate.scale) * candidate.scale - x;
    difference * difference / count
}

/// Running losses, candidate by candidate.
#[derive(Clone, Debug)]
pub struct Losses {
    candidates: Vec<Candidate>,
    losses: Vec<f32>,
    count: f32,
}

impl Losses {
    /// See [`QuantizationLoss::new`](super::QuantizationLoss::new).
    pub fn new(candidates: &[Candidate], count: usize) -> Self {
        Self { candidates: candidates.to_vec(), losses: vec![0.0; candidates.len()], count: count as f32 }
    }

    /// Adds the terms of the next values, in order.
    pub fn add(&mut self, data: &[f32]) {
        for (loss, candidate) in self.losses.iter_mut().zip(&self.candidates) {
            for &x in data {
                *loss += term(x, candidate, self.count);
            }
        }
    }

    /// The losses so far, in the order of the candidates.
    pub fn losses(&self) -> &[f32] {
        &self.losses
    }
}
