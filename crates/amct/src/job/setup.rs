//! What every stage of a job needs: data, the place of its files, who is told and who may end it.

use amct_calibration::{BatchError, Batches, CalibrationError, Progress};
use amct_interpreter::Feeds;

use crate::Error;
use crate::auto::Stop;
use crate::pipeline::Outputs;

#[derive(Clone)]
pub(super) struct Setup<'a> {
    pub(super) data: Option<UntilStopped<'a>>,
    pub(super) files: Option<Outputs>,
    pub(super) progress: &'a (dyn Fn(Progress) + Sync),
    pub(super) stop: Stop,
}

/// Batches that end when the end is asked for.
#[derive(Clone)]
pub(super) struct UntilStopped<'a> {
    pub(super) batches: &'a dyn Batches,
    pub(super) stop: Stop,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { data: None, files: None, progress: &|_| {}, stop: Stop::default() }
    }
}

impl Setup<'_> {
    pub(super) fn data(&self) -> Result<&dyn Batches, Error> {
        match &self.data {
            Some(data) => Ok(data),
            None => Err(CalibrationError::NoBatches.into()),
        }
    }

    pub(super) fn files(&self) -> Result<&Outputs, Error> {
        self.files.as_ref().ok_or_else(|| {
            Error::Unsupported("the job has no place for its files; name one by Job::save_to".to_owned())
        })
    }
}

impl Batches for UntilStopped<'_> {
    fn len(&self) -> usize {
        self.batches.len()
    }

    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        self.stop.check().map_err(|stopped| BatchError::new(index, stopped))?;
        self.batches.feeds(index)
    }
}
