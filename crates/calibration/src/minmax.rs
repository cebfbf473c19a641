//! The min-max calibrator: the range of all values. AMCT has no such algorithm.

use amct_artifacts::config::ActivationConfig;
use amct_artifacts::config::activation::MINMAX;

use crate::algorithm::{AlgorithmError, Calibrator};
use crate::percentile::{PercentileParams, RangeSurvey};
use crate::range::{Grid, Percentiles};

/// The integers that the values become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinMaxParams {
    /// The integers that the activation becomes.
    pub grid: Grid,
}

impl Default for MinMaxParams {
    /// What an empty configuration says, with an offset.
    fn default() -> Self {
        Self::of(&ActivationConfig::new(&MINMAX), true)
    }
}

impl MinMaxParams {
    /// Those of a configuration.
    pub fn of(config: &ActivationConfig, with_offset: bool) -> Self {
        Self { grid: Grid { num_bits: config.num_bits, with_offset } }
    }
}

impl Calibrator for MinMaxParams {
    type Survey = RangeSurvey;

    fn survey(&self, count: usize, batches: usize) -> Result<RangeSurvey, AlgorithmError> {
        PercentileParams { grid: self.grid, percentiles: Percentiles::ALL }.survey(count, batches)
    }
}
