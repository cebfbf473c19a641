//! Why calibration stopped: the data, the graph or an algorithm.

use std::fmt;

use amct_graph::GraphError;
use amct_interpreter::{PlanError, RunError};
use amct_tensor::{ErrorKind, Fault, Internal, Place, TensorError};

use crate::algorithm::AlgorithmError;
use crate::arq::ArqError;
use crate::batches::BatchError;
use crate::dmq::DmqError;
use crate::shift::ShiftError;

/// Why calibration stopped.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CalibrationError {
    /// A batch could not be made.
    Batch(BatchError),
    /// There is no batch.
    NoBatches,
    /// There are fewer batches than the configuration asks for.
    TooFewBatches {
        /// How many there are.
        found: usize,
        /// How many were asked for.
        wanted: usize,
    },
    /// The graph cannot be run.
    Plan(PlanError),
    /// A run stopped.
    Run(RunError),
    /// An earlier batch failed, whose error is told instead of this one.
    Stopped,
    /// The activation of a layer cannot be calibrated.
    Activation {
        /// The layers that read it.
        layers: Vec<String>,
        /// Why.
        error: AlgorithmError,
    },
    /// An activation is not float32.
    ActivationType {
        /// The layers that read it.
        layers: Vec<String>,
        /// Why.
        error: TensorError,
    },
    /// A layer's activation and weights cannot be balanced.
    Balance {
        /// The layer.
        layer: String,
        /// Why.
        error: DmqError,
    },
    /// The shift bits of a layer cannot be searched.
    Shift {
        /// The layer.
        layer: String,
        /// Why.
        error: ShiftError,
    },
    /// A value has another number of channels than its layer.
    Channels {
        /// The layer.
        layer: String,
        /// The number of channels of the layer.
        expected: usize,
        /// The shape of the value.
        found: Vec<usize>,
    },
    /// The weights of a layer cannot be quantized.
    Weights {
        /// The layer.
        layer: String,
        /// Why.
        error: ArqError,
    },
    /// A constant cannot be read or written.
    Graph(GraphError),
    /// A tensor of weights cannot be made.
    Tensor {
        /// The layer.
        layer: String,
        /// Why.
        error: TensorError,
    },
    /// A fault of the program.
    Internal(Internal),
}

impl fmt::Display for CalibrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CalibrationError::Batch(error) => error.fmt(f),
            CalibrationError::NoBatches => f.write_str("there is no calibration data"),
            CalibrationError::Stopped => f.write_str("an earlier batch failed"),
            // AMCT's RuntimeError.
            CalibrationError::TooFewBatches { found, wanted } => write!(
                f,
                "The number of given data batches is not enough to run calibration with the given batch_num. \
                 Total batches found: {found}, but trying to load: {wanted}."
            ),
            CalibrationError::Plan(error) => error.fmt(f),
            CalibrationError::Run(error) => error.fmt(f),
            CalibrationError::Activation { layers, .. } => {
                write!(f, "calculate scale failed for the input of layer '{}'", layers.join("', '"))
            }
            CalibrationError::ActivationType { layers, .. } => {
                write!(f, "the input of layer '{}'", layers.join("', '"))
            }
            CalibrationError::Balance { layer, .. } => write!(f, "layer '{layer}' cannot be balanced"),
            CalibrationError::Shift { layer, .. } => write!(f, "the output of layer '{layer}'"),
            CalibrationError::Channels { layer, expected, found } => {
                write!(f, "layer '{layer}' has {expected} channels, but its value has shape {found:?}")
            }
            CalibrationError::Weights { layer, .. } | CalibrationError::Tensor { layer, .. } => {
                write!(f, "the weights of layer '{layer}'")
            }
            CalibrationError::Graph(error) => error.fmt(f),
            CalibrationError::Internal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CalibrationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CalibrationError::Plan(error) => error.source(),
            CalibrationError::Run(error) => error.source(),
            CalibrationError::Graph(error) => error.source(),
            CalibrationError::ActivationType { error, .. } | CalibrationError::Tensor { error, .. } => {
                Some(error)
            }
            CalibrationError::Activation { error, .. } => Some(error),
            CalibrationError::Balance { error, .. } => Some(error),
            CalibrationError::Shift { error, .. } => Some(error),
            CalibrationError::Weights { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl Fault for CalibrationError {
    fn kind(&self) -> ErrorKind {
        match self {
            CalibrationError::Plan(error) => error.kind(),
            CalibrationError::Run(error) => error.kind(),
            CalibrationError::Graph(error) => error.kind(),
            CalibrationError::Internal(error) => error.kind(),
            CalibrationError::Batch { .. } | CalibrationError::Channels { .. } => ErrorKind::Data,
            CalibrationError::NoBatches | CalibrationError::TooFewBatches { .. } => ErrorKind::Configuration,
            CalibrationError::Stopped => ErrorKind::Interrupted,
            CalibrationError::ActivationType { error, .. } | CalibrationError::Tensor { error, .. } => {
                error.kind()
            }
            CalibrationError::Activation { error, .. } => error.kind(),
            CalibrationError::Balance { error, .. } => error.kind(),
            CalibrationError::Shift { error, .. } => error.kind(),
            CalibrationError::Weights { error, .. } => error.kind(),
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            CalibrationError::Plan(error) => error.place(),
            CalibrationError::Run(error) => error.place(),
            CalibrationError::Graph(error) => error.place(),
            CalibrationError::Activation { layers, .. } | CalibrationError::ActivationType { layers, .. } => {
                layers.first().map_or(Place::default(), |layer| Place::node(layer))
            }
            CalibrationError::Balance { layer, .. }
            | CalibrationError::Shift { layer, .. }
            | CalibrationError::Channels { layer, .. }
            | CalibrationError::Weights { layer, .. }
            | CalibrationError::Tensor { layer, .. } => Place::node(layer),
            CalibrationError::Batch { .. }
            | CalibrationError::NoBatches
            | CalibrationError::Stopped
            | CalibrationError::TooFewBatches { .. }
            | CalibrationError::Internal(_) => Place::default(),
        }
    }
}

macro_rules! from {
    ($($error:ty => $variant:ident),+) => {$(
        impl From<$error> for CalibrationError {
            fn from(error: $error) -> Self {
                CalibrationError::$variant(error)
            }
        }
    )+};
}

from!(
    BatchError => Batch, PlanError => Plan, RunError => Run, GraphError => Graph, Internal => Internal
);
