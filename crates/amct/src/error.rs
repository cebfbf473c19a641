use std::fmt;

use amct_artifacts::atomic::WriteError;
use amct_artifacts::config::ConfigError;
use amct_artifacts::names::InvalidPrefix;
use amct_artifacts::record::RecordError;
use amct_calibration::CalibrationError;
use amct_dataset::DatasetError;
use amct_graph::GraphError;
use amct_interpreter::{OpError, PlanError, RunError};
use amct_rewrite::RewriteError;

use crate::auto::AutoError;
use crate::graphdef::GraphDefError;
use crate::interface::InterfaceError;

/// Anything that stops a job. The message says what is wrong, where, and what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The model file.
    GraphDef(GraphDefError),
    /// A name or constant in the graph.
    Graph(GraphError),
    /// Inputs, outputs or their shapes.
    Interface(InterfaceError),
    /// The graph cannot be made ready to run.
    Plan(PlanError),
    /// A run stopped.
    Run(RunError),
    /// A result is not of the kind needed.
    Value(OpError),
    /// An image, array or batch file.
    Dataset(DatasetError),
    /// A rewrite of the graph.
    Rewrite(RewriteError),
    /// Calibration.
    Calibration(CalibrationError),
    /// The configuration.
    Config(Box<ConfigError>),
    /// The record.
    Record(RecordError),
    /// The save path.
    SavePath(InvalidPrefix),
    /// An output file.
    Write(WriteError),
    /// Automatic calibration.
    Auto(AutoError),
    /// The graph already holds AMCT's layers.
    AlreadyQuantized(Vec<String>),
    /// Batch norms that would normalise with the statistics of each batch.
    TrainingBatchNorm(Vec<String>),
    /// No layer can be quantized; the candidates with the reasons.
    NothingToQuantize(Vec<(String, String)>),
    /// Something that AMCT has and amct does not, or not yet.
    Unsupported(String),
    /// A prediction is asked of an output that is not one row of numbers per image.
    NotAPrediction {
        /// The output.
        output: String,
        /// Its shape.
        shape: Vec<usize>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::GraphDef(error) => error.fmt(f),
            Error::Graph(error) => error.fmt(f),
            Error::Interface(error) => error.fmt(f),
            Error::Plan(error) => error.fmt(f),
            Error::Run(error) => error.fmt(f),
            Error::Value(error) => error.fmt(f),
            Error::Dataset(error) => error.fmt(f),
            Error::Rewrite(error) => error.fmt(f),
            Error::Calibration(error) => error.fmt(f),
            Error::Config(error) => error.fmt(f),
            Error::Record(error) => error.fmt(f),
            Error::SavePath(error) => error.fmt(f),
            Error::Write(error) => write!(f, "{error}; free that place, or choose another save path"),
            Error::Auto(error) => error.fmt(f),
            Error::AlreadyQuantized(nodes) => write!(
                f,
                "the model is already quantized: it holds {} AMCT layer(s), the first is '{}'; \
                 give the original float model",
                nodes.len(),
                nodes.first().map_or("", String::as_str)
            ),
            Error::TrainingBatchNorm(nodes) => write!(
                f,
                "is_training is true in {} batch norm(s), the first is '{}'; \
                 freeze the graph for inference (is_training=False) and try again",
                nodes.len(),
                nodes.first().map_or("", String::as_str)
            ),
            Error::NothingToQuantize(reasons) => {
                f.write_str("no layer of the model can be quantized")?;
                for (index, (layer, reason)) in reasons.iter().enumerate() {
                    write!(f, "{} '{layer}': {reason}", if index == 0 { ":" } else { ";" })?;
                }
                if reasons.is_empty() {
                    f.write_str(": it has no Conv2D, DepthwiseConv2dNative, MatMul or AvgPool")?;
                }
                Ok(())
            }
            Error::Unsupported(what) => f.write_str(what),
            Error::NotAPrediction { output, shape } => write!(
                f,
                "output '{output}' has shape {shape:?}, which is not one row of class values per image; \
                 leave out the test image, or name another output"
            ),
        }
    }
}

impl std::error::Error for Error {}

macro_rules! from {
    ($($error:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Error::$variant(error)
            }
        }
    )+};
}

from! {
    GraphDefError => GraphDef,
    GraphError => Graph,
    InterfaceError => Interface,
    PlanError => Plan,
    RunError => Run,
    OpError => Value,
    DatasetError => Dataset,
    RewriteError => Rewrite,
    CalibrationError => Calibration,
    RecordError => Record,
    InvalidPrefix => SavePath,
    WriteError => Write,
    AutoError => Auto,
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Error::Config(Box::new(error))
    }
}
