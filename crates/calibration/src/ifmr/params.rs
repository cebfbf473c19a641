//! The parameters of IFMR, and their bounds.

use std::ops::RangeInclusive;

use super::IfmrError;

/// Bit widths that f32 arithmetic resolves.
pub(super) const NUM_BITS: RangeInclusive<u32> = 2..=16;

/// Bound of the number of candidates; AMCT's default is 60.
pub(super) const MAX_CANDIDATES: u32 = 1 << 16;

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
    fn default() -> Self {
        Self {
            num_bits: 8,
            with_offset: true,
            search_range: (0.7, 1.3),
            search_step: 0.01,
            max_percentile: 0.999_999,
            min_percentile: 0.999_999,
        }
    }
}

impl IfmrParams {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn validate(&self) -> Result<(), IfmrError> {
        let (start, end) = self.search_range;
        if !NUM_BITS.contains(&self.num_bits) {
            return Err(IfmrError::NumBits(self.num_bits));
        }
        if !(start > 0.0 && start <= end && end.is_finite()) {
            return Err(IfmrError::SearchRange(start, end));
        }
        if !(self.search_step > 0.0 && self.candidate_count() <= MAX_CANDIDATES) {
            return Err(IfmrError::SearchStep(self.search_step));
        }
        let percentiles = [self.max_percentile, self.min_percentile];
        match percentiles.into_iter().find(|p| !(*p > 0.5 && *p <= 1.0)) {
            Some(found) => Err(IfmrError::Percentile(found)),
            None => Ok(()),
        }
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
