//! Pass 2 of IFMR: the candidate with the least loss, and its scale and offset.

use amct_kernels::quantization_loss::{Candidate, QuantizationLoss};
use amct_tensor::quantization::{ActivationParams, process_scale};
use amct_tensor::rounding::half_away;

use super::{ActivationRange, IfmrError, IfmrParams};

/// A candidate of IFMR.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipLoss {
    /// The upper end of its range.
    pub clip: f32,
    /// The mean of the squared differences between the data and the quantized data.
    pub loss: f32,
}

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
    /// See [`IfmrParams::validate`]; [`IfmrError::Empty`] for a range of no values.
    pub fn new(range: ActivationRange, params: &IfmrParams) -> Result<Self, IfmrError> {
        params.validate()?;
        if range.count == 0 {
            return Err(IfmrError::Empty);
        }
        let candidates: Vec<Option<Candidate>> = (0..params.candidate_count())
            .map(|i| {
                let (clip, scale) = clip_and_scale(i, &range, params);
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
        let clips = supported.map(|(i, _)| clip_and_scale(i, &self.range, &self.params).0);
        clips.zip(self.losses.losses()).map(|(clip, loss)| ClipLoss { clip, loss }).collect()
    }

    /// Scale and offset of the first candidate with the least loss.
    ///
    /// # Errors
    /// [`IfmrError::Count`] unless as many values came as in pass 1, [`IfmrError::Scale`] if the
    /// scale is not supported.
    pub fn finish(self) -> Result<ActivationParams, IfmrError> {
        let Self { params, range, supported, losses, seen } = self;
        if seen != range.count {
            return Err(IfmrError::Count { expected: range.count, found: seen });
        }
        let mut computed = losses.losses().into_iter();
        let mut best = (0, f32::INFINITY);
        for (i, supported) in (0..).zip(supported) {
            let loss = if supported { computed.next().unwrap_or(f32::INFINITY) } else { 0.0 };
            if loss < best.1 {
                best = (i, loss);
            }
        }
        let scale = process_scale(clip_and_scale(best.0, &range, &params).1)?;
        let offset = if params.with_offset {
            -half_away(range.min / scale) as i32 - (1 << (params.num_bits - 1))
        } else {
            0
        };
        Ok(ActivationParams { scale, offset })
    }
}

/// A candidate's upper clip and its scale, before [`process_scale`].
fn clip_and_scale(candidate: u32, range: &ActivationRange, params: &IfmrParams) -> (f32, f32) {
    let levels = 1u32 << params.num_bits;
    let factor = params.factor(candidate);
    if params.with_offset {
        let clip = factor * range.max;
        return (clip, (clip - range.min) / (levels - 1) as f32);
    }
    // Of equal magnitudes the negative one counts, and the negative side has one level more.
    let levels = if range.max > -range.min { levels / 2 - 1 } else { levels / 2 };
    let clip = factor * range.max.max(-range.min);
    (clip, clip / levels as f32)
}
