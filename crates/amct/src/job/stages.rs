//! The stages of a job after its start: prepared, calibrated, quantized.

use std::collections::BTreeMap;

use amct_artifacts::config::QuantConfig;
use amct_artifacts::record::Record;
use amct_calibration::Batches;
use amct_calibration::ifmr::ClipLoss;
use amct_graph::Graph;

use super::setup::Setup;
use crate::Error;
use crate::auto::{AutoCalibration, Evaluator};
use crate::compare::{CompareOptions, Comparison, compare};
use crate::pipeline::{
    self, Artifacts, CalibrateOptions, Calibration, Encoded, Outputs, Prepared, Quantized,
};

/// A job whose layers are known and configured.
#[derive(Clone)]
#[must_use]
pub struct PreparedJob<'a> {
    pub(super) original: &'a Graph,
    pub(super) prepared: Prepared,
    pub(super) config: QuantConfig,
    pub(super) setup: Setup<'a>,
}

/// A job whose factors are known.
#[derive(Clone)]
#[must_use]
pub struct CalibratedJob<'a> {
    job: PreparedJob<'a>,
    found: Calibration,
}

/// A job that is done, but for its files.
#[derive(Clone)]
#[must_use]
pub struct QuantizedJob<'a> {
    job: CalibratedJob<'a>,
    quantized: Quantized,
}

impl<'a> PreparedJob<'a> {
    /// The folded graph and its layers.
    pub fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// The configuration, which can be written to a `config.json` and begun from again.
    pub fn config(&self) -> &QuantConfig {
        &self.config
    }

    /// The same with the DMQ balancer in all layers that it applies to.
    ///
    /// # Errors
    /// As [`pipeline::set_dmq_balancer`].
    pub fn with_dmq_balancer(mut self, strength: f64) -> Result<Self, Error> {
        pipeline::set_dmq_balancer(&mut self.config, &self.prepared, strength)?;
        Ok(self)
    }

    /// Finds the factors of all enabled layers. It is the job's progress that is told of it.
    ///
    /// # Errors
    /// No data, and those of [`pipeline::calibrate`].
    pub fn calibrate(self, options: &CalibrateOptions<'_>) -> Result<CalibratedJob<'a>, Error> {
        let options = CalibrateOptions { progress: self.setup.progress, ..*options };
        let found = pipeline::calibrate(&self.prepared, &self.config, self.setup.data()?, &options)?;
        Ok(CalibratedJob { job: self, found })
    }

    /// Goes on from factors that were found before.
    pub fn with_record(self, record: Record) -> CalibratedJob<'a> {
        CalibratedJob { job: self, found: Calibration { record, losses: BTreeMap::new() } }
    }

    /// Automatic calibration of this job: how it searches may be changed in what is returned.
    ///
    /// # Errors
    /// A job without data or without a place for its files.
    pub fn search<'s>(&'s self, evaluator: &'s dyn Evaluator) -> Result<AutoCalibration<'s>, Error> {
        let (data, files) = (self.setup.data()?, self.setup.files()?);
        let search =
            AutoCalibration::new(self.original, &self.prepared, &self.config, data, files, evaluator);
        Ok(AutoCalibration { stop: self.setup.stop.clone(), progress: self.setup.progress, ..search })
    }
}

impl<'a> CalibratedJob<'a> {
    /// The folded graph and its layers.
    pub fn prepared(&self) -> &Prepared {
        &self.job.prepared
    }

    /// The configuration.
    pub fn config(&self) -> &QuantConfig {
        &self.job.config
    }

    /// The factors, which can be written to a `record.txt` and gone on from.
    pub fn record(&self) -> &Record {
        &self.found.record
    }

    /// The candidates that IFMR tried for each layer's data, with their losses.
    pub fn losses(&self) -> &BTreeMap<String, Vec<ClipLoss>> {
        &self.found.losses
    }

    /// Writes the factors into the graph.
    ///
    /// # Errors
    /// As [`pipeline::quantize`].
    pub fn quantize(self) -> Result<QuantizedJob<'a>, Error> {
        let name = self.job.setup.files.as_ref().map_or("", Outputs::prefix);
        let quantized = pipeline::quantize(&self.job.prepared, &self.found.record, name)?;
        Ok(QuantizedJob { job: self, quantized })
    }
}

impl<'a> QuantizedJob<'a> {
    /// What led here: configuration, factors, losses.
    pub fn calibrated(&self) -> &CalibratedJob<'a> {
        &self.job
    }

    /// The quantized model.
    pub fn graph(&self) -> &Graph {
        &self.quantized.graph
    }

    /// The quantized model with what is known of it.
    pub fn quantized(&self) -> &Quantized {
        &self.quantized
    }

    /// The contents of the files.
    ///
    /// # Errors
    /// As [`Artifacts::encode`].
    pub fn encode(&self) -> Result<Encoded, Error> {
        let (config, record) = (Some(self.job.config()), Some(self.job.record()));
        Artifacts { quantized: &self.quantized, config, record }.encode()
    }

    /// Writes what [`encode`](Self::encode) made, all files or none.
    ///
    /// # Errors
    /// A job without a place for its files, [`Error::Write`] naming the file.
    pub fn write(&self, encoded: &Encoded) -> Result<(), Error> {
        self.job.job.setup.files()?.write(encoded)
    }

    /// Writes all files of the job, or none.
    ///
    /// # Errors
    /// Those of [`encode`](Self::encode) and [`write`](Self::write).
    pub fn save(&self) -> Result<(), Error> {
        self.write(&self.encode()?)
    }

    /// The quantized model beside the float one.
    ///
    /// # Errors
    /// As [`compare`].
    pub fn compare(&self, inputs: &dyn Batches) -> Result<Comparison, Error> {
        let options = CompareOptions {
            info: Some(self.quantized.info.clone()),
            outputs: self.job.prepared().outputs.clone(),
            ..CompareOptions::default()
        };
        compare(self.job.job.original, &self.quantized.graph, &options, inputs)
    }
}
