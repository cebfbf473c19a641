//! The parameters of HFMG with AMCT's defaults and ranges.

use amct_artifacts::config::ActivationConfig;
use amct_artifacts::config::activation::{HFMG, NUM_OF_BINS};

use crate::algorithm::AlgorithmError;
use crate::range::Grid;

/// The numbers of bins that AMCT accepts.
const ACCEPTED: [usize; 4] = [1024, 2048, 4096, 8192];

/// How to search. The defaults are AMCT's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HfmgParams {
    /// Bits of a quantized value, 2 to 16.
    pub num_bits: u32,
    /// Whether the integers are asymmetric, with an offset that uses both ends of the range.
    pub with_offset: bool,
    /// Bins of the histogram: 1024, 2048, 4096 or 8192.
    pub num_of_bins: usize,
}

impl Default for HfmgParams {
    /// What an empty configuration says, with an offset.
    fn default() -> Self {
        Self::of(&ActivationConfig::new(&HFMG), true)
    }
}

impl HfmgParams {
    /// Those of a configuration.
    pub fn of(config: &ActivationConfig, with_offset: bool) -> Self {
        let num_of_bins = usize::try_from(config.get(&NUM_OF_BINS)).unwrap_or(usize::MAX);
        Self { num_bits: config.num_bits, with_offset, num_of_bins }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn validate(&self) -> Result<(), AlgorithmError> {
        Grid { num_bits: self.num_bits, with_offset: self.with_offset }.validate()?;
        if !ACCEPTED.contains(&self.num_of_bins) {
            return Err(AlgorithmError::NumOfBins { found: self.num_of_bins, accepted: &ACCEPTED });
        }
        Ok(())
    }
}
