//! Calibrators and their passes as objects, for activations with different algorithms side by side.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::{AlgorithmError, Calibrated, Calibrator, Search, Survey, Surveyed};

/// A [`Calibrator`] of any algorithm.
pub trait AnyCalibrator: fmt::Debug + Send + Sync {
    /// Begins the first pass; see [`Calibrator::survey`].
    ///
    /// # Errors
    /// See there.
    fn survey(&self, count: usize, batches: usize) -> Result<Box<dyn AnySurvey>, AlgorithmError>;
}

impl<C: Calibrator> AnyCalibrator for C {
    fn survey(&self, count: usize, batches: usize) -> Result<Box<dyn AnySurvey>, AlgorithmError> {
        let empty = Calibrator::survey(self, count, batches)?;
        Ok(Box::new(Shared { empty, parts: Mutex::new(Vec::new()) }))
    }
}

/// A [`Survey`] of any algorithm, which several threads add to at a time.
pub trait AnySurvey: Send + Sync {
    /// See [`Survey::add`].
    fn add(&self, batch: usize, data: &[f32]);

    /// Ends the pass; see [`Survey::finish`].
    ///
    /// # Errors
    /// See there.
    fn finish(self: Box<Self>) -> Result<Surveyed<Box<dyn AnySearch>>, AlgorithmError>;
}

/// A survey in as many parts as threads have added to it at a time.
struct Shared<S> {
    empty: S,
    /// The parts that no thread adds to right now.
    parts: Mutex<Vec<S>>,
}

impl<S: Survey> AnySurvey for Shared<S> {
    fn add(&self, batch: usize, data: &[f32]) {
        let parts = || self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = parts().pop();
        let mut part = idle.unwrap_or_else(|| self.empty.clone());
        part.add(batch, data);
        parts().push(part);
    }

    fn finish(self: Box<Self>) -> Result<Surveyed<Box<dyn AnySearch>>, AlgorithmError> {
        let mut whole = self.empty;
        for part in self.parts.into_inner().unwrap_or_else(PoisonError::into_inner) {
            whole.merge(part);
        }
        Ok(match whole.finish()? {
            Surveyed::Found(found) => Surveyed::Found(found),
            Surveyed::Search(search) => Surveyed::Search(Box::new(search)),
        })
    }
}

/// A [`Search`] of any algorithm.
pub trait AnySearch: Send {
    /// See [`Search::add`].
    fn add(&mut self, batch: usize, data: &[f32]);

    /// See [`Search::finish`].
    ///
    /// # Errors
    /// See there.
    fn finish(self: Box<Self>) -> Result<Calibrated, AlgorithmError>;
}

impl<S: Search> AnySearch for S {
    fn add(&mut self, batch: usize, data: &[f32]) {
        Search::add(self, batch, data);
    }

    fn finish(self: Box<Self>) -> Result<Calibrated, AlgorithmError> {
        Search::finish(*self)
    }
}
