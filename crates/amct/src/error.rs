//! The one error type of the root crate. It wraps the errors of the crates below and adds those of the job.
//!
//! As data: [`Error::kind`], the places, and [`Error::remedy`].

use std::fmt;
use std::path::Path;

use amct_artifacts::atomic::WriteError;
use amct_artifacts::compiled_model::CompiledModelError;
use amct_artifacts::config::ConfigError;
use amct_artifacts::definition::DefinitionError;
use amct_artifacts::file::ReadError;
use amct_artifacts::logging::{LogError, UnknownLevel};
use amct_artifacts::names::InvalidPrefix;
use amct_artifacts::quant_info::QuantInfoError;
use amct_artifacts::record::RecordError;
use amct_calibration::{BatchError, CalibrationError};
use amct_dataset::{DatasetError, NormalizationError};
use amct_graph::GraphError;
use amct_interpreter::{OpError, PlanError, RunError};
use amct_rewrite::qat::QatError;
use amct_rewrite::{RewriteError, Violation};
use amct_tensor::{Chain, ErrorKind, Fault, Internal, Place, TensorError};

use crate::atc::CompiledError;
use crate::auto::AutoError;
use crate::compare::CompareError;
use crate::dump::DumpError;
use crate::graphdef::GraphDefError;
use crate::signature::InterfaceError;

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
    /// A tensor that cannot be made, or is not of the kind needed.
    Tensor(OpError),
    /// A mean or standard deviation of pixels.
    Normalization(NormalizationError),
    /// An image, array or batch file.
    Dataset(DatasetError),
    /// A rewrite of the graph.
    Rewrite(RewriteError),
    /// Quantization-aware training that cannot be converted.
    Qat(QatError),
    /// Calibration.
    Calibration(CalibrationError),
    /// The configuration.
    Config(Box<ConfigError>),
    /// The configuration file.
    ConfigFile(Box<ReadError<ConfigError>>),
    /// The simplified configuration.
    DefinitionFile(Box<ReadError<DefinitionError>>),
    /// The record.
    Record(RecordError),
    /// The record file.
    RecordFile(Box<ReadError<RecordError>>),
    /// The save path.
    SavePath(InvalidPrefix),
    /// An output file.
    Write(WriteError),
    /// The log.
    Log(LogError),
    /// A word that names no level of the log.
    LogLevel {
        /// The argument.
        argument: &'static str,
        /// The word.
        level: UnknownLevel,
    },
    /// Automatic calibration.
    Auto(AutoError),
    /// A dump.
    Dump(DumpError),
    /// Two models or dumps that cannot be compared.
    Compare(CompareError),
    /// The quantization info file.
    QuantInfoFile(Box<ReadError<QuantInfoError>>),
    /// The dump of a compiled model.
    CompiledFile(Box<ReadError<CompiledModelError>>),
    /// A compiled model that tells nothing, or is one of another model.
    Compiled(CompiledError),
    /// The graph already holds AMCT's layers.
    AlreadyQuantized(Vec<String>),
    /// The graph holds fake quantization, where a float one is needed.
    FakeQuant(Vec<String>),
    /// Batch norms that would normalise with the statistics of each batch.
    TrainingBatchNorm(Vec<String>),
    /// No layer can be quantized; the candidates with the reasons.
    NothingToQuantize(Vec<(String, String)>),
    /// A layer is to be balanced, but the record has no factors for it.
    NoBalanceFactor(String),
    /// The quantized graph would not be what ATC takes: the rules it breaks.
    Contract(Vec<Violation>),
    /// Something that AMCT has and amct does not, or not yet.
    Unsupported(String),
    /// A fault of the program.
    Internal(Internal),
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
        if let Some(inner) = self.inner() {
            return write!(f, "{inner}");
        }
        match self {
            Error::LogLevel { argument, level } => write!(f, "{argument} {level}"),
            Error::AlreadyQuantized(nodes) => write!(
                f,
                "the model is already quantized: it holds {} AMCT layer(s), {}; give the original float model",
                nodes.len(),
                some_of(nodes)
            ),
            Error::FakeQuant(nodes) => write!(
                f,
                "the model comes from quantization-aware training: it holds {} node(s) of fake quantization, \
                 the first is '{}'; use `convert`, which takes the scales from there, or give the float model",
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
            Error::NoBalanceFactor(layer) => write!(
                f,
                "layer '{layer}': no tensor_balance_factor found in record; run quantize_preprocess on this \
                 model and configuration first, or take dmq_balancer_param out of the layer's configuration"
            ),
            Error::Contract(violations) => {
                f.write_str("ATC would not take the quantized model, so it is not written: ")?;
                for violation in violations.iter().take(SHOWN) {
                    write!(f, "{violation}; ")?;
                }
                if let Some(more @ 1..) = violations.len().checked_sub(SHOWN) {
                    write!(f, "and {more} more; ")?;
                }
                f.write_str("where the float model has this already, change it there; else report it as a fault of amct")
            }
            Error::Unsupported(what) => f.write_str(what),
            Error::NotAPrediction { output, shape } => write!(
                f,
                "output '{output}' has shape {shape:?}, which is not one row of class values per image; \
                 leave out the test image, or name another output"
            ),
            // All others only pass on what is inside.
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner().and_then(|inner| inner.source())
    }
}

impl Error {
    /// The error of a part, for those that only pass one on.
    fn inner(&self) -> Option<&dyn Fault> {
        Some(match self {
            Error::GraphDef(error) => error,
            Error::Graph(error) => error,
            Error::Interface(error) => error,
            Error::Plan(error) => error,
            Error::Run(error) => error,
            Error::Tensor(error) => error,
            Error::Normalization(error) => error,
            Error::Dataset(error) => error,
            Error::Rewrite(error) => error,
            Error::Qat(error) => error,
            Error::Calibration(error) => error,
            Error::Config(error) => error,
            Error::ConfigFile(error) => error,
            Error::DefinitionFile(error) => error,
            Error::Record(error) => error,
            Error::RecordFile(error) => error,
            Error::SavePath(error) => error,
            Error::Write(error) => error,
            Error::Log(error) => error,
            Error::Auto(error) => error,
            Error::Dump(error) => error,
            Error::Compare(error) => error,
            Error::QuantInfoFile(error) => error,
            Error::CompiledFile(error) => error,
            Error::Compiled(error) => error,
            Error::Internal(error) => error,
            Error::LogLevel { .. }
            | Error::AlreadyQuantized(_)
            | Error::FakeQuant(_)
            | Error::TrainingBatchNorm(_)
            | Error::NothingToQuantize(_)
            | Error::NoBalanceFactor(_)
            | Error::Contract(_)
            | Error::Unsupported(_)
            | Error::NotAPrediction { .. } => return None,
        })
    }

    /// What sort of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        if let Some(inner) = self.inner() {
            return inner.kind();
        }
        match self {
            Error::LogLevel { .. } | Error::NotAPrediction { .. } | Error::NoBalanceFactor(_) => {
                ErrorKind::Configuration
            }
            Error::AlreadyQuantized(_) | Error::FakeQuant(_) | Error::TrainingBatchNorm(_) => {
                ErrorKind::Graph
            }
            _ => ErrorKind::Unsupported,
        }
    }

    /// The file or directory that it is about.
    pub fn file(&self) -> Option<&Path> {
        self.place().file
    }

    /// The line of [`file`](Self::file), from 1.
    pub fn line(&self) -> Option<usize> {
        self.place().line
    }

    /// The node, or the layer, that it is about; the first of several.
    pub fn node(&self) -> Option<&str> {
        self.place().node
    }

    /// The attribute of [`node`](Self::node), or the key of a configuration.
    pub fn attribute(&self) -> Option<&str> {
        self.place().attribute
    }

    /// The whole of it in one line: what went wrong, where it came from, and what can be done.
    ///
    /// A program of its own can word the [remedy](Self::remedy) in its own terms.
    pub fn in_one_line(&self) -> String {
        let chain = Chain(self);
        self.remedy().map_or_else(|| chain.to_string(), |remedy| format!("{chain}; {remedy}"))
    }
}

impl Fault for Error {
    fn kind(&self) -> ErrorKind {
        Error::kind(self)
    }

    fn place(&self) -> Place<'_> {
        if let Some(inner) = self.inner() {
            return inner.place();
        }
        match self {
            Error::AlreadyQuantized(nodes) | Error::FakeQuant(nodes) | Error::TrainingBatchNorm(nodes) => {
                nodes.first().map_or(Place::default(), |node| Place::node(node))
            }
            Error::NothingToQuantize(reasons) => {
                reasons.first().map_or(Place::default(), |(layer, _)| Place::node(layer))
            }
            Error::NoBalanceFactor(node) | Error::NotAPrediction { output: node, .. } => Place::node(node),
            Error::Contract(violations) => {
                violations.first().map_or(Place::default(), |violation| Place::node(&violation.node))
            }
            _ => Place::default(),
        }
    }
}

/// How many of many are named.
const SHOWN: usize = 5;

/// The first few of many names.
pub(crate) fn some_of(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("'{name}'")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

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
    OpError => Tensor,
    NormalizationError => Normalization,
    DatasetError => Dataset,
    RewriteError => Rewrite,
    QatError => Qat,
    CalibrationError => Calibration,
    RecordError => Record,
    InvalidPrefix => SavePath,
    WriteError => Write,
    LogError => Log,
    AutoError => Auto,
    DumpError => Dump,
    CompareError => Compare,
    CompiledError => Compiled,
    Internal => Internal,
}

impl From<TensorError> for Error {
    fn from(error: TensorError) -> Self {
        Error::Tensor(error.into())
    }
}

impl From<BatchError> for Error {
    fn from(error: BatchError) -> Self {
        Error::Calibration(error.into())
    }
}

macro_rules! from_boxed {
    ($($error:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Error::$variant(Box::new(error))
            }
        }
    )+};
}

from_boxed! {
    ConfigError => Config,
    ReadError<ConfigError> => ConfigFile,
    ReadError<DefinitionError> => DefinitionFile,
    ReadError<QuantInfoError> => QuantInfoFile,
    ReadError<RecordError> => RecordFile,
    ReadError<CompiledModelError> => CompiledFile,
}
