//! A quantization job as a value: what it is made of, the order of its steps and the checks before them.
//!
//! A [`Job`] goes through three stages, each of which can be saved and taken up again: a [`PreparedJob`] has a
//! configuration, a [`CalibratedJob`] a record, a [`QuantizedJob`] a model. The steps by themselves are the
//! functions of [`pipeline`].

mod setup;
mod stages;

use std::path::PathBuf;

use amct_artifacts::atomic::FileSet;
use amct_calibration::Batches;
#[doc(inline)]
pub use amct_calibration::{CalibrationError, Phase, Progress, shift::ShiftVersion};
use amct_graph::{Graph, Outlet};

use self::setup::{Setup, UntilStopped};
pub use self::stages::{CalibratedJob, PreparedJob, QuantizedJob};
use crate::Error;
use crate::auto::Stop;
use crate::pipeline::{self, PrepareOptions};
pub use crate::pipeline::{CalibrateOptions, Configuration, Encoded, Outputs};
use crate::signature::{self, ImageInput};

/// A float model to be quantized, with all that says how.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::path::Path;
///
/// use amct::data::{Feeds, read_npy};
/// use amct::job::{CalibrateOptions, Job, Outputs};
///
/// # let directory = tempfile::tempdir()?;
/// # let save_path = directory.path().join("out/small").display().to_string();
/// let graph = amct::graphdef::load(Path::new("tests/golden/graphs/mobilenet_v1.pb"))?;
/// let image = read_npy("tests/golden/graphs/mobilenet_v1.input.npy")?;
/// let data = [Feeds::from([("input", image)])];
///
/// let job = Job::new(&graph, &[])?.with_data(&data).save_to(Outputs::new(&save_path)?);
/// let calibrated = job.prepare()?.calibrate(&CalibrateOptions::default())?;
/// println!("{} factors", calibrated.record().entries.len());
/// calibrated.quantize()?.save()?;
/// # assert!(Outputs::new(&save_path)?.quantized_pb().exists());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Job<'a> {
    original: &'a Graph,
    outputs: Vec<String>,
    outlets: Vec<Outlet>,
    configuration: Configuration,
    options: PrepareOptions,
    setup: Setup<'a>,
    further: Vec<PathBuf>,
}

impl<'a> Job<'a> {
    /// Quantizes `original` for these outputs, its only leaf if there are none, with AMCT's defaults.
    ///
    /// # Errors
    /// Unknown outputs; none or more than one leaf, where none is named.
    pub fn new(original: &'a Graph, outputs: &[String]) -> Result<Self, Error> {
        let outputs = signature::outputs(original, outputs)?;
        let outlets = signature::outlets(original, &outputs)?;
        Ok(Self {
            original,
            outputs,
            outlets,
            configuration: Configuration::default(),
            options: PrepareOptions::default(),
            setup: Setup::default(),
            further: Vec::new(),
        })
    }

    /// The same with what to quantize and how.
    ///
    /// # Errors
    /// A configuration that keeps layers from fusion that the graph does not have.
    pub fn with_configuration(mut self, configuration: Configuration) -> Result<Self, Error> {
        self.options = configuration.prepare_options(self.original)?;
        self.configuration = configuration;
        Ok(self)
    }

    /// The same with the data to calibrate on.
    pub fn with_data(mut self, batches: &'a dyn Batches) -> Self {
        self.setup.data = Some(UntilStopped { batches, stop: self.setup.stop.clone() });
        self
    }

    /// The same with the place of its files, which is found writable before the work begins.
    pub fn save_to(mut self, files: Outputs) -> Self {
        self.setup.files = Some(files);
        self
    }

    /// The same with a further file that the caller writes, found writable as those of the job are.
    pub fn also_writes(mut self, file: Option<PathBuf>) -> Self {
        self.further.extend(file);
        self
    }

    /// The same with who is told how far each calibration has come.
    pub fn with_progress(mut self, progress: &'a (dyn Fn(Progress) + Sync)) -> Self {
        self.setup.progress = progress;
        self
    }

    /// The same with what may ask for an early end, which comes as an error.
    pub fn with_stop(mut self, stop: Stop) -> Self {
        if let Some(data) = &mut self.setup.data {
            data.stop = stop.clone();
        }
        self.setup.stop = stop;
        self
    }

    /// The float model.
    pub fn original(&self) -> &'a Graph {
        self.original
    }

    /// The names of the outputs.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// The outputs in the float model.
    pub fn outlets(&self) -> &[Outlet] {
        &self.outlets
    }

    /// The one input that takes images; `size` is (height, width), needed where the graph leaves them free.
    ///
    /// # Errors
    /// [`InterfaceError`](crate::signature::InterfaceError).
    pub fn image_input(&self, size: Option<(usize, usize)>) -> Result<ImageInput, Error> {
        signature::image_input(self.original, &self.outlets, size)
    }

    /// Makes sure that all files can be written, folds the graph, finds its layers, and makes the configuration
    /// complete. The first batch is run once for the shapes; without data nothing is run.
    ///
    /// # Errors
    /// [`Error::Write`] naming the file, those of [`pipeline::prepare`] and of [`Configuration::resolve`].
    pub fn prepare(self) -> Result<PreparedJob<'a>, Error> {
        if let Some(files) = &self.setup.files {
            files.check_writable()?;
        }
        let mut further = FileSet::new();
        for file in &self.further {
            further.stage(file, b"")?;
        }
        drop(further);
        let batches = self.setup.data.as_ref().map(|data| data.batches);
        let prepared = pipeline::prepare(self.original, &self.outputs, &self.options, batches)?;
        let config = self.configuration.resolve(&prepared)?;
        Ok(PreparedJob { original: self.original, prepared, config, setup: self.setup })
    }
}
