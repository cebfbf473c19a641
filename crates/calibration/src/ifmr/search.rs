//! Pass 2 of IFMR: the candidate with the least loss, and its scale and offset.

use amct_kernels::quantization_loss::{Candidate, QuantizationLoss};
use amct_tensor::quantization::{ActivationParams, process_scale};

use super::IfmrParams;
use crate::algorithm::{AlgorithmError, ClipLoss};
use crate::range::ActivationRange;

/// Pass 2 of IFMR: the values in order, in any pieces, to scale and offset.
#[derive(Clone, Debug)]
pub struct CandidateSearch {
    params: IfmrParams,
    range: ActivationRange,
    /// For each candidate whether it has a loss. One whose scale is not supported has none; as in
    /// AMCT its loss stays 0.0, so that it wins over all that lose anything and then is refused.
    supported: Vec<bool>,
    losses: QuantizationLoss,
    seen: usize,
}

impl CandidateSearch {
    /// A search over the candidates of a range.
    ///
    /// # Errors
    /// See [`IfmrParams::validate`]; [`AlgorithmError::Empty`] for a range of no values.
    pub fn new(range: ActivationRange, params: &IfmrParams) -> Result<Self, AlgorithmError> {
        params.validate()?;
        if range.count == 0 {
            return Err(AlgorithmError::Empty);
        }
        let candidates: Vec<Option<Candidate>> = (0..params.candidate_count())
            .map(|i| {
                let (clip, scale) = range.clip_and_scale(params.factor(i), params.grid());
                let low = if params.with_offset { range.min } else { -clip };
                let scale = process_scale(scale).ok().filter(|_| scale >= 0.0)?;
                Some(Candidate { scale, low, high: clip })
            })
            .collect();
        let supported = candidates.iter().map(Option::is_some).collect();
        let candidates: Vec<Candidate> = candidates.into_iter().flatten().collect();
        let losses = QuantizationLoss::new(&candidates, range.count, range.min..=range.max);
        Ok(Self { params: *params, range, supported, losses, seen: 0 })
    }

    /// Takes the next values, in the order of pass 1's batches. The result does not depend on how
    /// they are cut into pieces.
    pub fn update(&mut self, data: &[f32]) {
        self.seen = self.seen.saturating_add(data.len());
        self.losses.add(data);
    }

    /// The loss of each candidate with a scale that is supported, so far.
    pub fn losses(&self) -> Vec<ClipLoss> {
        let supported = (0..).zip(&self.supported).filter(|(_, supported)| **supported);
        let clips =
            supported.map(|(i, _)| self.range.clip_and_scale(self.params.factor(i), self.params.grid()).0);
        clips.zip(self.losses.losses()).map(|(clip, loss)| ClipLoss { clip, loss }).collect()
    }

    /// Scale and offset of the first candidate with the least loss.
    ///
    /// # Errors
    /// [`AlgorithmError::Count`] unless as many values came as in pass 1, [`AlgorithmError::Scale`] if the
    /// scale is not supported.
    pub fn finish(self) -> Result<ActivationParams, AlgorithmError> {
        let Self { params, range, supported, losses, seen } = self;
        if seen != range.count {
            return Err(AlgorithmError::Count { expected: range.count as u64, found: seen as u64 });
        }
        let mut computed = losses.losses().into_iter();
        let mut best = (0, f32::INFINITY);
        for (i, supported) in (0..).zip(supported) {
            let loss = if supported { computed.next().unwrap_or(f32::INFINITY) } else { 0.0 };
            if loss < best.1 {
                best = (i, loss);
            }
        }
        range.params(params.factor(best.0), params.grid())
    }
}
