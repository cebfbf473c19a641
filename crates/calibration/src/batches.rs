//! The calibration data as batches that are made when needed, how runs make up batches, and the progress
//! that is reported.

use std::fmt;

use amct_interpreter::Value;
use amct_tensor::Tensor;

use crate::CalibrationError;

/// Makes the feeds of one batch, by input name.
type Load<'a> = dyn Fn(usize) -> Result<Vec<(String, Tensor)>, String> + Sync + 'a;

/// The calibration data: so many batches, each made when it is needed (and more than once).
pub struct Batches<'a> {
    count: usize,
    load: &'a Load<'a>,
}

impl<'a> Batches<'a> {
    /// `count` batches; `load` makes the feeds of one by its number, from several threads at once.
    pub fn new(count: usize, load: &'a Load<'a>) -> Self {
        Self { count, load }
    }

    /// The number of batches.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first `wanted` of them.
    ///
    /// # Errors
    /// [`CalibrationError::TooFewBatches`].
    pub fn first(&self, wanted: usize) -> Result<Self, CalibrationError> {
        let found = self.count;
        if found < wanted {
            return Err(CalibrationError::TooFewBatches { found, wanted });
        }
        Ok(Self { count: wanted, load: self.load })
    }

    /// The feeds of one batch, by input name.
    ///
    /// # Errors
    /// [`CalibrationError::Batch`].
    pub fn feeds(&self, index: usize) -> Result<Vec<(String, Value)>, CalibrationError> {
        let feeds = (self.load)(index).map_err(|error| CalibrationError::Batch { index, error })?;
        Ok(feeds.into_iter().map(|(name, tensor)| (name, tensor.into())).collect())
    }
}

impl fmt::Debug for Batches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("count", &self.count).finish_non_exhaustive()
    }
}

/// Which runs make up which of the configured batches.
///
/// AMCT runs `batch_num` batches, each at once. Here fewer images may run at a time, so several runs
/// stand for one batch: the runs, in order, are dealt out to `batch_num` batches of equal size, the
/// later ones one larger where they do not come out even. Without a configured size all images are
/// one batch, as `batch_num` 1 says; with `--batch-size` each run is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouping {
    runs: usize,
    batches: usize,
}

impl Grouping {
    /// `runs` as `batch_num` batches, or as many as there are runs, if these are fewer.
    ///
    /// ```
    /// use amct_calibration::Grouping;
    ///
    /// let grouping = Grouping::new(5, 2);
    /// let batches: Vec<usize> = (0..5).map(|run| grouping.batch_of(run)).collect();
    /// assert_eq!(batches, [0, 0, 1, 1, 1]);
    /// ```
    pub fn new(runs: usize, batch_num: usize) -> Self {
        Self { runs, batches: batch_num.clamp(1, runs.max(1)) }
    }

    /// The number of batches.
    pub fn batches(&self) -> usize {
        self.batches
    }

    /// The batch of a run.
    pub fn batch_of(&self, run: usize) -> usize {
        // The last batch that begins at or before the run; batch b begins at b * runs / batches.
        let (run, runs, batches) = (run as u128, self.runs.max(1) as u128, self.batches as u128);
        let batch = ((run + 1) * batches - 1) / runs;
        usize::try_from(batch).unwrap_or(usize::MAX).min(self.batches - 1)
    }
}

/// The passes over the calibration data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Finding the largest magnitudes of the channels that are to be balanced.
    Balance,
    /// Finding the range of every activation.
    Range,
    /// Trying all candidates of every range. Told as done at once where nothing is searched.
    Search,
    /// Searching the shift bits.
    Shift,
}

/// How far calibration has come; reported after every batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The pass.
    pub phase: Phase,
    /// Batches done in it.
    pub done: usize,
    /// Batches in all.
    pub total: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_dealt_out_evenly_and_in_order() {
        for runs in 1..40 {
            for batch_num in 1..45 {
                let grouping = Grouping::new(runs, batch_num);
                let mut sizes = vec![0; grouping.batches()];
                let of: Vec<usize> = (0..runs).map(|run| grouping.batch_of(run)).collect();
                of.iter().for_each(|&batch| sizes[batch] += 1);
                assert!(of.is_sorted(), "{runs} in {batch_num}");
                assert_eq!(sizes.len(), batch_num.min(runs));
                let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
                assert!(*least >= 1 && most - least <= 1, "{runs} in {batch_num}: {sizes:?}");
            }
        }
    }
}
