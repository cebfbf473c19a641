//! HFMG as a calibrator: its two passes.

use amct_tensor::quantization::ScaleError;

use super::{HfmgParams, HistogramCollector, ValueRange, search};
use crate::algorithm::{AlgorithmError, Calibrated, Calibrator, Search, Survey, Surveyed};

impl Calibrator for HfmgParams {
    type Survey = HfmgSurvey;

    fn survey(&self, _: usize, batches: usize) -> Result<HfmgSurvey, AlgorithmError> {
        self.validate()?;
        Ok(HfmgSurvey { params: *self, ranges: vec![ValueRange::default(); batches] })
    }
}

/// The first pass of HFMG: one range for each batch.
#[derive(Clone, Debug)]
pub struct HfmgSurvey {
    params: HfmgParams,
    ranges: Vec<ValueRange>,
}

impl Survey for HfmgSurvey {
    type Search = HfmgSearch;

    fn add(&mut self, batch: usize, data: &[f32]) {
        // Of a batch that was not announced the second pass counts too many values.
        if let Some(range) = self.ranges.get_mut(batch) {
            range.add(data);
        }
    }

    fn merge(&mut self, other: Self) {
        self.ranges.iter_mut().zip(other.ranges).for_each(|(range, other)| range.merge(other));
    }

    fn finish(self) -> Result<Surveyed<HfmgSearch>, AlgorithmError> {
        let collector = HistogramCollector::new(&self.ranges, &self.params)?;
        Ok(Surveyed::Search(HfmgSearch { params: self.params, collector }))
    }
}

/// The second pass of HFMG: a histogram.
#[derive(Clone, Debug)]
pub struct HfmgSearch {
    params: HfmgParams,
    collector: HistogramCollector,
}

impl Search for HfmgSearch {
    fn add(&mut self, batch: usize, data: &[f32]) {
        self.collector.add(batch, data);
    }

    fn finish(self) -> Result<Calibrated, AlgorithmError> {
        let params = search(&self.collector.finish()?, &self.params)?;
        // The kernel leaves this to the reader of the record, who refuses it.
        if params.scale > 1.0 / f32::EPSILON {
            return Err(ScaleError::TooLarge(params.scale).into());
        }
        Ok(params.into())
    }
}
