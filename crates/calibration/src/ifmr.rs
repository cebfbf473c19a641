//! IFMR: the scale and offset of an activation, searched around its range.
//!
//! The activation's values are reduced to a range (pass 1, [`RangeCollector`](crate::range::RangeCollector)). A number of
//! candidates then scale the upper end of that range, and the one whose fake-quantized values lie
//! nearest to the values, by the mean of the squares, wins (pass 2, [`CandidateSearch`]). Both
//! passes take the values in pieces, so that a caller may compute them twice instead of keeping
//! them. All arithmetic is f32 in the order of AMCT's C++ kernel, and the results are its to the
//! bit.
//!
//! Source: `docs/sources/algorithms.md` section 2.

mod calibrator;
mod params;
mod search;

use amct_tensor::quantization::ActivationParams;

use crate::algorithm::AlgorithmError;
pub use crate::algorithm::ClipLoss;
pub use calibrator::IfmrSurvey;
pub use params::IfmrParams;
pub use search::CandidateSearch;

/// Scale and offset of an activation all of whose values, of all batches in order, are at hand.
///
/// # Errors
/// See [`AlgorithmError`].
pub fn calibrate(data: &[f32], params: &IfmrParams) -> Result<ActivationParams, AlgorithmError> {
    Ok(crate::algorithm::calibrate(params, &[data])?.params)
}
