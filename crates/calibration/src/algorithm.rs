//! What an algorithm that calibrates activations is: two passes over the values of one activation.
//!
//! An algorithm is a type with its parameters that implements [`Calibrator`]. Its first pass ([`Survey`])
//! takes the values in any order, on several threads; what they found is merged. It ends with the result, or
//! with a second pass ([`Search`]) over the same values in order. The types of the passes belong to the
//! algorithm, so passes of different algorithms cannot meet. [`AnyCalibrator`] is one whose algorithm is not
//! known when it is compiled.

mod any;
mod error;

use std::fmt;

use amct_tensor::quantization::ActivationParams;

pub use any::{AnyCalibrator, AnySearch, AnySurvey};
pub use error::AlgorithmError;

/// Finds scale and offset of an activation.
pub trait Calibrator: fmt::Debug + Send + Sync {
    /// The first pass over an activation.
    type Survey: Survey;

    /// Begins the first pass over an activation of at most `count` values, which come in `batches` batches.
    ///
    /// # Errors
    /// A parameter is out of its range.
    fn survey(&self, count: usize, batches: usize) -> Result<Self::Survey, AlgorithmError>;
}

/// The first pass over an activation. Its clones begin anew, for other threads, if nothing was added yet.
pub trait Survey: Clone + Send + Sync + 'static {
    /// The second pass.
    type Search: Search;

    /// Takes values of a batch. Pieces and batches come in any order, which must not change the result.
    fn add(&mut self, batch: usize, data: &[f32]);

    /// Takes what another survey of the same activation has taken.
    fn merge(&mut self, other: Self);

    /// Ends the pass, when it has taken all values.
    ///
    /// # Errors
    /// The values cannot be calibrated.
    fn finish(self) -> Result<Surveyed<Self::Search>, AlgorithmError>;
}

/// What comes after the first pass.
#[derive(Clone, Debug, PartialEq)]
pub enum Surveyed<S> {
    /// The result: there is no second pass.
    Found(Calibrated),
    /// The second pass.
    Search(S),
}

/// The second pass over an activation.
pub trait Search: Send + 'static {
    /// Takes values of a batch. Pieces and batches come in order, so sums may depend on it.
    fn add(&mut self, batch: usize, data: &[f32]);

    /// The result, when it has taken all values.
    ///
    /// # Errors
    /// The values cannot be calibrated, or there is no scale that a chip takes.
    fn finish(self) -> Result<Calibrated, AlgorithmError>;
}

/// The second pass of an algorithm that has none.
#[derive(Clone, Copy, Debug)]
pub enum NoSearch {}

impl Search for NoSearch {
    fn add(&mut self, _: usize, _: &[f32]) {
        match *self {}
    }

    fn finish(self) -> Result<Calibrated, AlgorithmError> {
        match self {}
    }
}

/// What was found for an activation.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrated {
    /// Scale and offset.
    pub params: ActivationParams,
    /// The candidates that IFMR tried, with their losses; other algorithms have none.
    pub losses: Vec<ClipLoss>,
}

impl From<ActivationParams> for Calibrated {
    fn from(params: ActivationParams) -> Self {
        Self { params, losses: Vec::new() }
    }
}

/// A candidate of IFMR.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipLoss {
    /// The upper end of its range.
    pub clip: f32,
    /// The mean of the squared differences between the data and the quantized data.
    pub loss: f32,
}

/// Both passes over an activation whose values are at hand, batch by batch.
///
/// ```
/// use amct_calibration::algorithm::calibrate;
/// use amct_calibration::percentile::PercentileParams;
///
/// let found = calibrate(&PercentileParams::default(), &[&[0.0, 0.5], &[3.0, -1.0]])?;
/// assert_eq!(found.params.scale, 4.0 / 255.0);
/// # Ok::<(), amct_calibration::algorithm::AlgorithmError>(())
/// ```
///
/// # Errors
/// See [`Survey::finish`] and [`Search::finish`].
pub fn calibrate<C: Calibrator>(calibrator: &C, batches: &[&[f32]]) -> Result<Calibrated, AlgorithmError> {
    let count = batches.iter().map(|batch| batch.len()).sum();
    let mut survey = calibrator.survey(count, batches.len())?;
    for (index, batch) in batches.iter().enumerate() {
        survey.add(index, batch);
    }
    match survey.finish()? {
        Surveyed::Found(found) => Ok(found),
        Surveyed::Search(mut search) => {
            for (index, batch) in batches.iter().enumerate() {
                Search::add(&mut search, index, batch);
            }
            Search::finish(search)
        }
    }
}
