//! Collects the values of all batches in one histogram, whose range is widened from batch to batch.

use super::{HfmgParams, Histogram, ValueRange};
use crate::algorithm::AlgorithmError;

/// The values of all batches to one histogram.
///
/// Within a batch values may come in any pieces and any order; batches come in order, and where
/// one ends and the next begins does make a difference.
#[derive(Clone, Debug)]
pub struct HistogramCollector {
    /// For each batch the range of all values up to its end.
    ranges: Vec<(f32, f32)>,
    expected: u64,
    num_of_bins: usize,
    /// The batches before the one at hand.
    before: Option<Histogram>,
    /// The batch at hand and its number.
    current: Option<(usize, Histogram)>,
}

impl HistogramCollector {
    /// A collector for batches of these ranges.
    ///
    /// # Errors
    /// See [`HfmgParams::validate`] and [`ValueRange::ends`]; [`AlgorithmError::TooMany`].
    pub fn new(batches: &[ValueRange], params: &HfmgParams) -> Result<Self, AlgorithmError> {
        params.validate()?;
        let mut whole = ValueRange::default();
        let mut ranges = Vec::with_capacity(batches.len());
        for batch in batches {
            // A bad value is reported as such, and not by what it does to the whole.
            batch.ends()?;
            whole.merge(*batch);
            ranges.push(whole.ends()?);
        }
        match whole.count() {
            0 => Err(AlgorithmError::Empty),
            count if count > u64::from(u32::MAX) => Err(AlgorithmError::TooMany(count)),
            expected => {
                Ok(Self { ranges, expected, num_of_bins: params.num_of_bins, before: None, current: None })
            }
        }
    }

    /// Takes values of the batch of that number, which is not below the last one. Values of a
    /// batch that was not announced are left out, and [`finish`](Self::finish) will notice.
    pub fn add(&mut self, batch: usize, data: &[f32]) {
        let is_current = self.current.as_ref().is_some_and(|(current, _)| *current == batch);
        if !is_current {
            self.close();
            self.current =
                self.ranges.get(batch).map(|&(min, max)| (batch, Histogram::new(min, max, self.num_of_bins)));
        }
        if let Some((_, histogram)) = &mut self.current {
            histogram.add(data);
        }
    }

    /// The histogram of all batches.
    ///
    /// # Errors
    /// [`AlgorithmError::Count`] unless as many values came as were announced.
    pub fn finish(mut self) -> Result<Histogram, AlgorithmError> {
        self.close();
        match self.before {
            Some(histogram) => histogram.check_total(self.expected),
            None => Err(AlgorithmError::Count { expected: self.expected, found: 0 }),
        }
    }

    fn close(&mut self) {
        if let Some((_, mut histogram)) = self.current.take() {
            if let Some(before) = &self.before {
                histogram.merge(before);
            }
            self.before = Some(histogram);
        }
    }
}
