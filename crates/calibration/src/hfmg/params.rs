//! The parameters of HFMG with AMCT's defaults and ranges.

use std::ops::RangeInclusive;

use super::HfmgError;

/// Bit widths that f32 arithmetic resolves.
const NUM_BITS: RangeInclusive<u32> = 2..=16;

/// The numbers of bins that AMCT accepts.
pub(super) const NUM_OF_BINS: [usize; 4] = [1024, 2048, 4096, 8192];

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
    fn default() -> Self {
        Self { num_bits: 8, with_offset: true, num_of_bins: 4096 }
    }
}

impl HfmgParams {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn validate(&self) -> Result<(), HfmgError> {
        if !NUM_BITS.contains(&self.num_bits) {
            return Err(HfmgError::NumBits(self.num_bits));
        }
        if !NUM_OF_BINS.contains(&self.num_of_bins) {
            return Err(HfmgError::NumOfBins(self.num_of_bins));
        }
        Ok(())
    }
}
