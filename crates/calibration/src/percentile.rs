//! The percentile calibrator: the range that IFMR's search starts from is the result, without a search.
//!
//! The ends of the range are exact order statistics of all values, found in one pass that keeps only the
//! outermost ones. Scale and offset are those of IFMR's candidate with the factor 1. AMCT has no such
//! algorithm.

use amct_artifacts::config::ActivationConfig;
use amct_artifacts::config::activation::{MAX_PERCENTILE, MIN_PERCENTILE, PERCENTILE};

use crate::algorithm::{AlgorithmError, Calibrator, NoSearch, Survey, Surveyed};
use crate::range::{Grid, Percentiles, RangeCollector};

/// How much of the values counts, and the integers they become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PercentileParams {
    /// The integers that the activation becomes.
    pub grid: Grid,
    /// How much of the values the range covers.
    pub percentiles: Percentiles,
}

impl Default for PercentileParams {
    /// What an empty configuration says, with an offset.
    fn default() -> Self {
        Self::of(&ActivationConfig::new(&PERCENTILE), true)
    }
}

impl PercentileParams {
    /// Those of a configuration.
    pub fn of(config: &ActivationConfig, with_offset: bool) -> Self {
        let (max, min) = (config.get(&MAX_PERCENTILE) as f32, config.get(&MIN_PERCENTILE) as f32);
        Self { grid: Grid { num_bits: config.num_bits, with_offset }, percentiles: Percentiles { max, min } }
    }
}

impl Calibrator for PercentileParams {
    type Survey = RangeSurvey;

    fn survey(&self, count: usize, _: usize) -> Result<RangeSurvey, AlgorithmError> {
        self.grid.validate()?;
        Ok(RangeSurvey { grid: self.grid, collector: RangeCollector::new(count, self.percentiles)? })
    }
}

/// The only pass: a range.
#[derive(Clone, Debug)]
pub struct RangeSurvey {
    grid: Grid,
    collector: RangeCollector,
}

impl Survey for RangeSurvey {
    type Search = NoSearch;

    fn add(&mut self, _: usize, data: &[f32]) {
        self.collector.add(data);
    }

    fn merge(&mut self, other: Self) {
        self.collector.merge(other.collector);
    }

    fn finish(self) -> Result<Surveyed<NoSearch>, AlgorithmError> {
        Ok(Surveyed::Found(self.collector.finish()?.params(1.0, self.grid)?.into()))
    }
}
