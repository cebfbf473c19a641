//! Why a rewrite is refused as a whole.

use std::fmt;

use amct_graph::GraphError;
use amct_tensor::quantization::BiasOverflow;
use amct_tensor::{ErrorKind, Fault, Internal, Place, TensorError};

/// Why a rewrite cannot be done at all. What merely leaves one node as it is stands in the
/// [report](crate::report) of the pass instead.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RewriteError {
    /// The graph refused: an unknown output, a cycle, a constant that cannot be decoded.
    Graph(GraphError),
    /// A constant for this node cannot be made.
    Tensor {
        /// The node it was for.
        node: String,
        /// Why.
        error: TensorError,
    },
    /// A bias leaves int32 when divided by its scales.
    BiasOverflow {
        /// The layer.
        layer: String,
        /// The channel and its value.
        overflow: BiasOverflow,
    },
    /// A layer comes with the wrong number of values.
    Count {
        /// The layer.
        layer: String,
        /// What is counted.
        what: &'static str,
        /// The number that is accepted, in words.
        expected: String,
        /// The number found.
        found: usize,
    },
    /// A scale that is not a positive finite number, or whose reciprocal or product is not.
    Scale {
        /// The layer.
        layer: String,
        /// Which scale.
        what: &'static str,
        /// Its value.
        found: f32,
    },
    /// An activation offset outside int8.
    Offset {
        /// The layer.
        layer: String,
        /// Its value.
        found: i32,
    },
    /// A shift of the accumulator beyond 16.
    Shift {
        /// The layer.
        layer: String,
        /// Its value.
        found: u8,
    },
    /// An input of a node that cannot be quantized by itself.
    TensorQuantize {
        /// The input as `node:index`.
        tensor: String,
        /// Why not.
        problem: String,
    },
    /// A layer is listed twice.
    ListedTwice(String),
    /// A layer does not describe the graph it is applied to.
    Stale {
        /// The layer.
        layer: String,
        /// What does not fit.
        problem: &'static str,
    },
    /// A fault of the program.
    Internal(Internal),
}

impl fmt::Display for RewriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RewriteError::Graph(error) => error.fmt(f),
            RewriteError::Tensor { node, .. } => write!(f, "node '{node}'"),
            // The first sentence is AMCT's own, so that users find its remedy.
            RewriteError::BiasOverflow { layer, .. } => write!(
                f,
                "Quantized bias of layer \"{layer}\" exceed int32 range: [-2147483648.0, 2147483647.0], \
                 please add it to skip layer."
            ),
            RewriteError::Count { layer, what, expected, found } => {
                write!(f, "layer '{layer}' needs {expected} {what}, but has {found}")
            }
            RewriteError::Scale { layer, what, found } => {
                write!(f, "{what} of layer '{layer}' must be a positive finite number, but is {found}")
            }
            RewriteError::Offset { layer, found } => {
                write!(f, "offset_d of layer '{layer}' must be in [-128, 127], but is {found}")
            }
            RewriteError::Shift { layer, found } => {
                write!(f, "shift_bit of layer '{layer}' must be in [0, 16], but is {found}")
            }
            RewriteError::TensorQuantize { tensor, problem } => {
                write!(f, "tensor '{tensor}' cannot be quantized: {problem}")
            }
            RewriteError::ListedTwice(layer) => write!(f, "layer '{layer}' is listed twice"),
            RewriteError::Stale { layer, problem } => {
                write!(f, "layer '{layer}' does not fit the graph: {problem}")
            }
            RewriteError::Internal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RewriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RewriteError::Graph(error) => error.source(),
            RewriteError::Tensor { error, .. } => Some(error),
            RewriteError::BiasOverflow { overflow, .. } => Some(overflow),
            _ => None,
        }
    }
}

impl From<GraphError> for RewriteError {
    fn from(error: GraphError) -> Self {
        RewriteError::Graph(error)
    }
}

impl From<Internal> for RewriteError {
    fn from(error: Internal) -> Self {
        RewriteError::Internal(error)
    }
}

impl Fault for RewriteError {
    fn kind(&self) -> ErrorKind {
        match self {
            RewriteError::Graph(error) => error.kind(),
            RewriteError::Internal(error) => error.kind(),
            RewriteError::Tensor { error, .. } => error.kind(),
            RewriteError::BiasOverflow { overflow, .. } => overflow.kind(),
            RewriteError::Scale { .. } => ErrorKind::Numeric,
            RewriteError::Count { .. }
            | RewriteError::Offset { .. }
            | RewriteError::Shift { .. }
            | RewriteError::Stale { .. }
            | RewriteError::ListedTwice(_) => ErrorKind::Data,
            RewriteError::TensorQuantize { .. } => ErrorKind::Configuration,
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            RewriteError::Graph(error) => error.place(),
            RewriteError::Tensor { node, .. }
            | RewriteError::TensorQuantize { tensor: node, .. }
            | RewriteError::ListedTwice(node)
            | RewriteError::BiasOverflow { layer: node, .. }
            | RewriteError::Count { layer: node, .. }
            | RewriteError::Scale { layer: node, .. }
            | RewriteError::Offset { layer: node, .. }
            | RewriteError::Shift { layer: node, .. }
            | RewriteError::Stale { layer: node, .. } => Place::node(node),
            RewriteError::Internal(_) => Place::default(),
        }
    }
}
