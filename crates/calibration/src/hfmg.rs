//! HFMG: the scale and offset of an activation, searched on a histogram of its values.
//!
//! Every batch is counted into a histogram over the range of all values so far, and the counts of
//! the batches before are moved into it (`Histogram::merge`). The search then narrows the range
//! from both sides and takes the window that quantization distorts least, values spread evenly
//! within each bin. It needs far less memory than a search over the values, and the range of a
//! batch before its values: [`HistogramCollector`] takes the values in pieces, so that a caller
//! may compute them twice instead of keeping them.
//!
//! All arithmetic is that of AMCT's C++ kernel, and the results are its to the bit, one oddity
//! included: what a window clips on its left costs nothing (see `loss`).
//!
//! Source: `docs/sources/algorithms.md` section 3.

mod calibrator;
mod collector;
mod histogram;
mod loss;
mod params;
mod range;
mod result;
mod search;

use amct_tensor::quantization::ActivationParams;

use crate::algorithm::AlgorithmError;
pub use calibrator::{HfmgSearch, HfmgSurvey};
pub use collector::HistogramCollector;
pub use histogram::Histogram;
pub use params::HfmgParams;
pub use range::ValueRange;
pub use result::from_min_max;
pub use search::search;

/// Scale and offset of an activation whose values are at hand, batch by batch.
///
/// ```
/// use amct_calibration::hfmg::{HfmgParams, calibrate};
///
/// let batches: [&[f32]; 2] = [&[0.0, 0.5, 3.0], &[-1.0, 0.25]];
/// let params = calibrate(&batches, &HfmgParams::default())?;
/// assert!(params.scale < 4.0 / 255.0);
/// # Ok::<(), amct_calibration::algorithm::AlgorithmError>(())
/// ```
///
/// # Errors
/// See [`AlgorithmError`].
pub fn calibrate(batches: &[&[f32]], params: &HfmgParams) -> Result<ActivationParams, AlgorithmError> {
    let ranges: Vec<ValueRange> = batches.iter().map(|batch| ValueRange::of(batch)).collect();
    let mut collector = HistogramCollector::new(&ranges, params)?;
    for (index, batch) in batches.iter().enumerate() {
        collector.add(index, batch);
    }
    search(&collector.finish()?, params)
}
