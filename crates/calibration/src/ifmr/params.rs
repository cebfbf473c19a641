//! The parameters of IFMR, and their bounds.

use amct_artifacts::config::ActivationConfig;
use amct_artifacts::config::activation::{IFMR, MAX_PERCENTILE, MIN_PERCENTILE, SEARCH_RANGE, SEARCH_STEP};

use crate::algorithm::AlgorithmError;
use crate::range::{Grid, Percentiles};

/// Bound of the number of candidates; AMCT's default is 60.
const MAX_CANDIDATES: u32 = 1 << 16;

/// How to search. The defaults are AMCT's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IfmrParams {
    /// Bits of a quantized value, 2 to 16.
    pub num_bits: u32,
    /// Whether the integers are asymmetric, with an offset that uses both ends of the range.
    pub with_offset: bool,
    /// First and last factor of the range's upper end to try; 0 < first <= last.
    pub search_range: (f32, f32),
    /// Distance of two factors.
    pub search_step: f32,
    /// Share of the values that the range's upper end covers, in (0.5, 1].
    pub max_percentile: f32,
    /// Share of the values that the range's lower end covers, in (0.5, 1].
    pub min_percentile: f32,
}

impl Default for IfmrParams {
    /// What an empty configuration says, with an offset.
    fn default() -> Self {
        Self::of(&ActivationConfig::new(&IFMR), true)
    }
}

impl IfmrParams {
    /// Those of a configuration.
    pub fn of(config: &ActivationConfig, with_offset: bool) -> Self {
        let [start, end] = config.get(&SEARCH_RANGE);
        Self {
            num_bits: config.num_bits,
            with_offset,
            search_range: (start as f32, end as f32),
            search_step: config.get(&SEARCH_STEP) as f32,
            max_percentile: config.get(&MAX_PERCENTILE) as f32,
            min_percentile: config.get(&MIN_PERCENTILE) as f32,
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn validate(&self) -> Result<(), AlgorithmError> {
        let (start, end) = self.search_range;
        self.grid().validate()?;
        if !(start > 0.0 && start <= end && end.is_finite()) {
            return Err(AlgorithmError::SearchRange(start, end));
        }
        if !(self.search_step > 0.0 && self.candidate_count() <= MAX_CANDIDATES) {
            return Err(AlgorithmError::SearchStep { found: self.search_step, candidates: MAX_CANDIDATES });
        }
        self.percentiles().validate()
    }

    /// The integers that the activation becomes.
    pub fn grid(&self) -> Grid {
        Grid { num_bits: self.num_bits, with_offset: self.with_offset }
    }

    /// How much of the values the range covers.
    pub fn percentiles(&self) -> Percentiles {
        Percentiles { max: self.max_percentile, min: self.min_percentile }
    }

    /// The number of candidates: `(last - first) / step + 1` in f32, cut off. The rounding of f32
    /// decides whether the last factor is among them; of the default range it is not.
    pub fn candidate_count(&self) -> u32 {
        ((self.search_range.1 - self.search_range.0) / self.search_step + 1.0) as u32
    }

    /// The factor of a candidate.
    pub(super) fn factor(&self, candidate: u32) -> f32 {
        self.search_range.0 + candidate as f32 * self.search_step
    }
}
