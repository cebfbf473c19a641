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

/// The two passes over the calibration data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Finding the range of every activation.
    Range,
    /// Trying all candidates of every range.
    Search,
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
