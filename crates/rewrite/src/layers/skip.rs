//! The reasons why a layer cannot be quantized.

use std::fmt;

use amct_graph::{AttrError, GraphError};

use crate::report::SkipReason;

/// Why a node of a quantizable op cannot be quantized.
#[derive(Clone, Debug, PartialEq)]
pub enum LayerSkip {
    /// The layer computes in another type than float32.
    DType {
        /// Its `T`.
        found: String,
    },
    /// Too few inputs.
    Inputs {
        /// The number needed.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// The weights are fed or computed.
    WeightsNotConstant,
    /// Weights of a type or shape that does not fit.
    Weights {
        /// What is accepted.
        expected: &'static str,
        /// Type and shape found.
        found: String,
    },
    /// A matrix product that transposes an operand.
    Transposed(&'static str),
    /// A transposed convolution that is dilated, or a `Conv3D` that is so along depth.
    Dilated {
        /// Its `dilations`.
        found: Vec<i64>,
    },
    /// An attribute outside what is supported.
    Attribute(AttrError),
    /// Weights that cannot be read.
    Unreadable(GraphError),
}

impl fmt::Display for LayerSkip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayerSkip::DType { found } => write!(f, "its T is {found}; only DT_FLOAT can be quantized"),
            LayerSkip::Inputs { expected, found } => write!(f, "it has {found} inputs instead of {expected}"),
            LayerSkip::WeightsNotConstant => f.write_str("its weights are not constant"),
            LayerSkip::Weights { expected, found } => {
                write!(f, "its weights must be {expected}, but are {found}")
            }
            LayerSkip::Transposed(attr) => write!(f, "{attr} is true; only false can be quantized"),
            LayerSkip::Dilated { found } => {
                write!(f, "its dilations are {found:?}; such a layer can be quantized only without")
            }
            LayerSkip::Attribute(error) => error.fmt(f),
            LayerSkip::Unreadable(error) => error.fmt(f),
        }
    }
}

impl SkipReason for LayerSkip {
    fn is_by_request(&self) -> bool {
        false
    }
}

impl From<AttrError> for LayerSkip {
    fn from(error: AttrError) -> Self {
        LayerSkip::Attribute(error)
    }
}
