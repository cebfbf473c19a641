//! IFMR as a calibrator: its two passes.

use super::{CandidateSearch, IfmrParams};
use crate::algorithm::{AlgorithmError, Calibrated, Calibrator, Search, Survey, Surveyed};
use crate::range::RangeCollector;

impl Calibrator for IfmrParams {
    type Survey = IfmrSurvey;

    fn survey(&self, count: usize, _: usize) -> Result<IfmrSurvey, AlgorithmError> {
        self.validate()?;
        Ok(IfmrSurvey { params: *self, collector: RangeCollector::new(count, self.percentiles())? })
    }
}

/// Pass 1 of IFMR.
#[derive(Clone, Debug)]
pub struct IfmrSurvey {
    params: IfmrParams,
    collector: RangeCollector,
}

impl Survey for IfmrSurvey {
    type Search = CandidateSearch;

    fn add(&mut self, _: usize, data: &[f32]) {
        self.collector.add(data);
    }

    fn merge(&mut self, other: Self) {
        self.collector.merge(other.collector);
    }

    fn finish(self) -> Result<Surveyed<CandidateSearch>, AlgorithmError> {
        Ok(Surveyed::Search(CandidateSearch::new(self.collector.finish()?, &self.params)?))
    }
}

impl Search for CandidateSearch {
    fn add(&mut self, _: usize, data: &[f32]) {
        self.update(data);
    }

    fn finish(self) -> Result<Calibrated, AlgorithmError> {
        let losses = self.losses();
        Ok(Calibrated { params: CandidateSearch::finish(self)?, losses })
    }
}
