//! Why calibration stopped: the data, the graph or an algorithm.

use std::fmt;

use amct_graph::GraphError;
use amct_interpreter::{PlanError, RunError};
use amct_tensor::TensorError;

use crate::algorithm::AlgorithmError;
use crate::arq::ArqError;
use crate::dmq::DmqError;
use crate::shift::ShiftError;

/// Why calibration stopped.
#[derive(Clone, Debug, PartialEq)]
pub enum CalibrationError {
    /// A batch could not be made.
    Batch {
        /// Its number, from 0.
        index: usize,
        /// Why; it names the file.
        error: String,
    },
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
}

impl fmt::Display for CalibrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CalibrationError::Batch { error, .. } => f.write_str(error),
            CalibrationError::NoBatches => f.write_str("there is no calibration data"),
            // AMCT's RuntimeError.
            CalibrationError::TooFewBatches { found, wanted } => write!(
                f,
                "The number of given data batches is not enough to run calibration with the given batch_num. \
                 Total batches found: {found}, but trying to load: {wanted}."
            ),
            CalibrationError::Plan(error) => error.fmt(f),
            CalibrationError::Run(error) => error.fmt(f),
            CalibrationError::Activation { layers, error } => write!(
                f,
                "calculate scale failed for the input of layer '{}': {error}; \
                 check the model and the input images, or skip the layer",
                layers.join("', '")
            ),
            CalibrationError::ActivationType { layers, error } => {
                write!(f, "the input of layer '{}': {error}", layers.join("', '"))
            }
            CalibrationError::Balance { layer, error } => {
                write!(f, "layer '{layer}' cannot be balanced: {error}; balance it no longer, or skip it")
            }
            CalibrationError::Shift { layer, error } => write!(f, "the output of layer '{layer}': {error}"),
            CalibrationError::Channels { layer, expected, found } => {
                write!(f, "layer '{layer}' has {expected} channels, but its value has shape {found:?}")
            }
            CalibrationError::Weights { layer, error } => {
                write!(f, "the weights of layer '{layer}': {error}; skip the layer or repair the model")
            }
            CalibrationError::Graph(error) => error.fmt(f),
            CalibrationError::Tensor { layer, error } => write!(f, "the weights of layer '{layer}': {error}"),
        }
    }
}

impl std::error::Error for CalibrationError {}

macro_rules! from {
    ($($error:ty => $variant:ident),+) => {$(
        impl From<$error> for CalibrationError {
            fn from(error: $error) -> Self {
                CalibrationError::$variant(error)
            }
        }
    )+};
}

from!(PlanError => Plan, RunError => Run, GraphError => Graph);
