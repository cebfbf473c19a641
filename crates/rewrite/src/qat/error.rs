//! Why a graph of quantization-aware training is refused.

use std::fmt;

use amct_graph::{AttrError, GraphError};
use amct_tensor::{ErrorKind, Fault, Place};

use super::FAKE_QUANT_OPS;

/// Why a graph of quantization-aware training cannot be converted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum QatError {
    /// The graph has no fake quantization.
    NoFakeQuant,
    /// The graph is not sound.
    Graph(GraphError),
    /// An attribute of fake quantization outside what TensorFlow takes.
    Attribute(AttrError),
    /// An input of fake quantization that is missing.
    Input {
        /// The node.
        node: String,
        /// Which one.
        what: &'static str,
    },
    /// `min` or `max` is computed or fed.
    RangeNotConstant {
        /// The node.
        node: String,
    },
    /// A constant expression that cannot be evaluated.
    Evaluation {
        /// The node that reads it.
        node: String,
        /// Why.
        error: String,
    },
    /// A range that training has not set, or too small or too large for int8.
    Range {
        /// The node.
        node: String,
        /// Its minimum.
        min: f32,
        /// Its maximum.
        max: f32,
    },
    /// Steps that int8 does not have.
    Bits {
        /// The node.
        node: String,
        /// Its `num_bits`.
        found: u32,
        /// What is quantized so.
        what: &'static str,
        /// The numbers of bits accepted.
        accepted: &'static str,
    },
    /// One range per channel for an activation.
    PerChannel {
        /// The node.
        node: String,
        /// The layer that reads it.
        layer: String,
    },
    /// Ranges of a shape that does not fit the weights.
    Channels {
        /// The node.
        node: String,
        /// The number of ranges.
        ranges: usize,
        /// Shape of the weights.
        shape: Vec<usize>,
    },
}

impl fmt::Display for QatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QatError::NoFakeQuant => write!(
                f,
                "the model has no {}, so it does not come from quantization-aware training; \
                 give the QAT model, or quantize a float model with `quantize` or `calibration`",
                FAKE_QUANT_OPS.join(", ")
            ),
            QatError::Graph(error) => error.fmt(f),
            QatError::Attribute(error) => error.fmt(f),
            QatError::Input { node, what } => write!(f, "fake quantization '{node}' has no input {what}"),
            QatError::RangeNotConstant { node } => write!(
                f,
                "min and max of fake quantization '{node}' are not constant; freeze the graph with its \
                 trained variables, for inference (is_training=False), and try again"
            ),
            QatError::Evaluation { node, error } => {
                write!(f, "what fake quantization '{node}' makes of constants cannot be computed: {error}")
            }
            QatError::Range { node, min, max } => write!(
                f,
                "fake quantization '{node}' has the range [{min}, {max}], whose 8-bit scale is not in \
                 [1.1920929e-07, 8388608]; train until it is set, or remove the node"
            ),
            QatError::Bits { node, found, what, accepted } => write!(
                f,
                "fake quantization '{node}' of {what} has num_bits {found}, but only {accepted} can be \
                 converted to INT8; train with num_bits=8"
            ),
            QatError::PerChannel { node, layer } => write!(
                f,
                "fake quantization '{node}' before layer '{layer}' has one range per channel, which only \
                 weights may have; train the activation with FakeQuantWithMinMaxVars"
            ),
            QatError::Channels { node, ranges, shape } => {
                write!(f, "fake quantization '{node}' has {ranges} range(s) for values of shape {shape:?}")
            }
        }
    }
}

impl std::error::Error for QatError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            QatError::Graph(error) => error.source(),
            QatError::Attribute(error) => error.source(),
            _ => None,
        }
    }
}

impl Fault for QatError {
    fn kind(&self) -> ErrorKind {
        match self {
            QatError::Graph(error) => error.kind(),
            QatError::Attribute(error) => error.kind(),
            QatError::NoFakeQuant
            | QatError::Input { .. }
            | QatError::RangeNotConstant { .. }
            | QatError::Evaluation { .. }
            | QatError::Channels { .. } => ErrorKind::Graph,
            QatError::Range { .. } => ErrorKind::Numeric,
            QatError::Bits { .. } | QatError::PerChannel { .. } => ErrorKind::Unsupported,
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            QatError::Graph(error) => error.place(),
            QatError::Attribute(error) => error.place(),
            QatError::NoFakeQuant => Place::default(),
            QatError::Bits { node, .. } => Place::node(node).attribute("num_bits"),
            QatError::Input { node, .. }
            | QatError::RangeNotConstant { node, .. }
            | QatError::Evaluation { node, .. }
            | QatError::Range { node, .. }
            | QatError::PerChannel { node, .. }
            | QatError::Channels { node, .. } => Place::node(node),
        }
    }
}

impl From<GraphError> for QatError {
    fn from(error: GraphError) -> Self {
        QatError::Graph(error)
    }
}

impl From<AttrError> for QatError {
    fn from(error: AttrError) -> Self {
        QatError::Attribute(error)
    }
}
