//! The choice between IFMR and HFMG for an activation: both of their passes under one name.

use std::fmt;

use amct_tensor::quantization::{ActivationParams, ScaleError};
use amct_tensor::{ErrorKind, Fault, Place};

use crate::hfmg::{self, HfmgError, HfmgParams, HistogramCollector, ValueRange};
use crate::ifmr::{CandidateSearch, ClipLoss, IfmrError, IfmrParams, RangeCollector};

/// How an activation's scale and offset are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Algorithm {
    /// Search of the clip value over all values.
    Ifmr(IfmrParams),
    /// Search over a histogram.
    Hfmg(HfmgParams),
}

/// What was found for an activation.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrated {
    /// Scale and offset.
    pub params: ActivationParams,
    /// The candidates that IFMR tried, with their losses; HFMG has none.
    pub losses: Vec<ClipLoss>,
}

/// Why an activation cannot be calibrated.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum AlgorithmError {
    /// IFMR's reason.
    Ifmr(IfmrError),
    /// HFMG's reason.
    Hfmg(HfmgError),
    /// HFMG found a scale that no chip takes.
    Scale(ScaleError),
}

impl fmt::Display for AlgorithmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AlgorithmError::Ifmr(error) => error.fmt(f),
            AlgorithmError::Hfmg(error) => error.fmt(f),
            AlgorithmError::Scale(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AlgorithmError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            AlgorithmError::Ifmr(error) => error.source(),
            AlgorithmError::Hfmg(error) => error.source(),
            AlgorithmError::Scale(error) => error.source(),
        }
    }
}

impl Fault for AlgorithmError {
    fn kind(&self) -> ErrorKind {
        match self {
            AlgorithmError::Ifmr(error) => error.kind(),
            AlgorithmError::Hfmg(error) => error.kind(),
            AlgorithmError::Scale(error) => error.kind(),
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            AlgorithmError::Ifmr(error) => error.place(),
            AlgorithmError::Hfmg(error) => error.place(),
            AlgorithmError::Scale(error) => error.place(),
        }
    }
}

impl From<IfmrError> for AlgorithmError {
    fn from(error: IfmrError) -> Self {
        AlgorithmError::Ifmr(error)
    }
}

impl From<HfmgError> for AlgorithmError {
    fn from(error: HfmgError) -> Self {
        AlgorithmError::Hfmg(error)
    }
}

/// The first pass over one activation, in any order of batches.
#[derive(Clone, Debug)]
pub(super) enum Survey {
    Ifmr(RangeCollector),
    /// One range for each batch.
    Hfmg(Vec<ValueRange>),
}

impl Survey {
    pub(super) fn new(algorithm: &Algorithm, count: usize, batches: usize) -> Result<Self, AlgorithmError> {
        Ok(match algorithm {
            Algorithm::Ifmr(params) => Survey::Ifmr(RangeCollector::new(count, params)?),
            Algorithm::Hfmg(params) => {
                params.validate()?;
                Survey::Hfmg(vec![ValueRange::default(); batches])
            }
        })
    }

    pub(super) fn add(&mut self, batch: usize, data: &[f32]) {
        match self {
            Survey::Ifmr(collector) => collector.add(data),
            Survey::Hfmg(ranges) => {
                if let Some(range) = ranges.get_mut(batch) {
                    range.add(data);
                }
            }
        }
    }

    /// Takes what another survey of the same activation has taken.
    pub(super) fn merge(&mut self, other: Self) {
        match (self, other) {
            (Survey::Ifmr(sum), Survey::Ifmr(collector)) => sum.merge(collector),
            (Survey::Hfmg(sums), Survey::Hfmg(ranges)) => {
                sums.iter_mut().zip(ranges).for_each(|(sum, range)| sum.merge(range));
            }
            // Made by one algorithm, both are of one kind.
            (Survey::Ifmr(_), Survey::Hfmg(_)) | (Survey::Hfmg(_), Survey::Ifmr(_)) => {}
        }
    }

    /// The second pass.
    pub(super) fn search(self, algorithm: &Algorithm) -> Result<Search, AlgorithmError> {
        match (self, algorithm) {
            (Survey::Ifmr(collector), Algorithm::Ifmr(params)) => {
                Ok(Search::Ifmr(Box::new(CandidateSearch::new(collector.finish()?, params)?)))
            }
            (Survey::Hfmg(ranges), Algorithm::Hfmg(params)) => {
                Ok(Search::Hfmg(HistogramCollector::new(&ranges, params)?, *params))
            }
            (Survey::Ifmr(_), Algorithm::Hfmg(_)) => Err(HfmgError::Empty.into()),
            (Survey::Hfmg(_), Algorithm::Ifmr(_)) => Err(IfmrError::Empty.into()),
        }
    }
}

/// The second pass over one activation, batches in order.
pub(super) enum Search {
    Ifmr(Box<CandidateSearch>),
    Hfmg(HistogramCollector, HfmgParams),
}

impl Search {
    pub(super) fn add(&mut self, batch: usize, data: &[f32]) {
        match self {
            Search::Ifmr(search) => search.update(data),
            Search::Hfmg(collector, _) => collector.add(batch, data),
        }
    }

    pub(super) fn finish(self) -> Result<Calibrated, AlgorithmError> {
        match self {
            Search::Ifmr(search) => {
                let losses = search.losses();
                Ok(Calibrated { params: search.finish()?, losses })
            }
            Search::Hfmg(collector, params) => {
                let params = hfmg::search(&collector.finish()?, &params)?;
                // The kernel leaves this to the reader of the record, who refuses it.
                if params.scale > 1.0 / f32::EPSILON {
                    return Err(AlgorithmError::Scale(ScaleError::TooLarge(params.scale)));
                }
                Ok(Calibrated { params, losses: Vec::new() })
            }
        }
    }
}
