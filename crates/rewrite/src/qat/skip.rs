use std::fmt;

use crate::report::SkipReason;

/// Why a layer of a graph from quantization-aware training stays float.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QatSkip {
    /// Its input is not fake-quantized.
    Activation {
        /// The node where the search for fake quantization ended.
        found: String,
    },
    /// Its weights are not fake-quantized constants.
    Weights,
}

impl fmt::Display for QatSkip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QatSkip::Activation { found } => {
                write!(f, "its input comes from {found} without fake quantization")
            }
            QatSkip::Weights => f.write_str("its weights are not constants behind fake quantization"),
        }
    }
}

impl SkipReason for QatSkip {
    /// Training decides what is quantized.
    fn is_by_request(&self) -> bool {
        true
    }
}
