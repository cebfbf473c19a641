//! The calibration data as batches that are made when needed, how runs make up batches, and the progress
//! that is reported.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amct_interpreter::Feeds;

use crate::CalibrationError;

/// Data as batches: so many of them, each made when it is needed, and more than once.
///
/// Vectors, slices and arrays of [`Feeds`] are batches, [`from_fn`] makes them by a function, and files of a
/// directory are those of the root crate's `batches`.
pub trait Batches: Sync {
    /// The number of batches.
    fn len(&self) -> usize;

    /// Whether there is no batch.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What one batch feeds, by its number from 0. Several threads may ask at once.
    ///
    /// # Errors
    /// [`BatchError`] for a batch that cannot be made, or that there is not.
    fn feeds(&self, index: usize) -> Result<Feeds, BatchError>;
}

/// Why a batch could not be made.
#[derive(Clone, Debug)]
pub struct BatchError {
    index: usize,
    file: Option<PathBuf>,
    source: Arc<dyn Error + Send + Sync>,
}

impl BatchError {
    /// The batch of this number cannot be made because of `source`.
    pub fn new(index: usize, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { index, file: None, source: Arc::from(source.into()) }
    }

    /// There is no batch of this number.
    pub fn missing(index: usize) -> Self {
        Self::new(index, format!("there is no batch {index}"))
    }

    /// The same, with the file that is at fault.
    #[must_use]
    pub fn in_file(self, file: impl Into<PathBuf>) -> Self {
        Self { file: Some(file.into()), ..self }
    }

    /// The number of the batch, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The file that is at fault, if it is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

/// The text is that of the source, which names the file.
impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl Error for BatchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.source()
    }
}

impl PartialEq for BatchError {
    fn eq(&self, other: &Self) -> bool {
        (self.index, &self.file) == (other.index, &other.file) && self.to_string() == other.to_string()
    }
}

impl<B: Batches + ?Sized> Batches for &B {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        (**self).feeds(index)
    }
}

impl Batches for [Feeds] {
    fn len(&self) -> usize {
        self.len()
    }

    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        self.get(index).cloned().ok_or_else(|| BatchError::missing(index))
    }
}

impl<const COUNT: usize> Batches for [Feeds; COUNT] {
    fn len(&self) -> usize {
        COUNT
    }

    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        Batches::feeds(self.as_slice(), index)
    }
}

impl Batches for Vec<Feeds> {
    fn len(&self) -> usize {
        self.len()
    }

    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        Batches::feeds(self.as_slice(), index)
    }
}

/// `count` batches, each made by `load` from its number whenever it is needed.
///
/// ```
/// use amct_calibration::{Batches, from_fn};
/// use amct_tensor::{Tensor, TensorError};
///
/// let noise = |index: usize| -> Result<_, TensorError> {
///     Ok([("x", Tensor::from_vec([2], vec![0.5, index as f32])?)])
/// };
/// let batches = from_fn(3, noise);
/// assert_eq!(batches.len(), 3);
/// assert!(batches.feeds(2).is_ok() && batches.feeds(3).is_err());
/// ```
pub fn from_fn<F, T, E>(count: usize, load: F) -> FromFn<F>
where
    F: Fn(usize) -> Result<T, E> + Sync,
    T: Into<Feeds>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    FromFn { count, load }
}

/// What [`from_fn`] makes.
#[derive(Clone, Debug)]
pub struct FromFn<F> {
    count: usize,
    load: F,
}

impl<F, T, E> Batches for FromFn<F>
where
    F: Fn(usize) -> Result<T, E> + Sync,
    T: Into<Feeds>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    fn len(&self) -> usize {
        self.count
    }

    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        if index >= self.count {
            return Err(BatchError::missing(index));
        }
        (self.load)(index).map(Into::into).map_err(|error| BatchError::new(index, error))
    }
}

/// The first batches of others.
pub struct First<'a> {
    batches: &'a dyn Batches,
    count: usize,
}

/// The first `wanted` of these batches.
///
/// # Errors
/// [`CalibrationError::TooFewBatches`].
pub fn first(batches: &dyn Batches, wanted: usize) -> Result<First<'_>, CalibrationError> {
    let found = batches.len();
    if found < wanted {
        return Err(CalibrationError::TooFewBatches { found, wanted });
    }
    Ok(First { batches, count: wanted })
}

impl Batches for First<'_> {
    fn len(&self) -> usize {
        self.count
    }

    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        if index < self.count { self.batches.feeds(index) } else { Err(BatchError::missing(index)) }
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
#[non_exhaustive]
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
#[non_exhaustive]
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
    use amct_tensor::Tensor;

    use super::*;

    fn some(count: usize) -> Vec<Feeds> {
        (0..count).map(|index| Feeds::from([("x", Tensor::scalar(index as f32))])).collect()
    }

    #[test]
    fn feeds_functions_and_parts_are_batches() {
        let all = some(3);
        let made = from_fn(3, |index| Ok::<_, String>(all[index].clone()));
        let array: [Feeds; 3] = all.clone().try_into().unwrap();
        let same: [&dyn Batches; 4] = [&all, &all.as_slice(), &array, &made];
        for batches in same {
            assert_eq!((batches.len(), batches.is_empty()), (3, false));
            assert_eq!(batches.feeds(2).unwrap(), all[2]);
            assert_eq!(batches.feeds(3).unwrap_err(), BatchError::missing(3));
            let two = first(batches, 2).unwrap();
            assert_eq!((two.len(), two.feeds(1).unwrap()), (2, all[1].clone()));
            assert_eq!(two.feeds(2).unwrap_err().to_string(), "there is no batch 2");
            assert!(matches!(
                first(batches, 4),
                Err(CalibrationError::TooFewBatches { found: 3, wanted: 4 })
            ));
        }
    }

    #[test]
    fn an_error_has_the_batch_the_file_and_the_cause() {
        let broken = |_| Err::<Feeds, _>(std::io::Error::other("no such luck"));
        let error = from_fn(2, broken).feeds(1).unwrap_err();
        assert_eq!((error.index(), error.file(), error.to_string().as_str()), (1, None, "no such luck"));
        assert_eq!(error.in_file("a.png").file(), Some(Path::new("a.png")));
    }

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
