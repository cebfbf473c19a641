//! What is wrong with a quantization info file.

use std::fmt;

use amct_tensor::{ErrorKind, Fault, Place};

/// What can be wrong with a quantization info file.
#[derive(Debug)]
#[non_exhaustive]
pub enum QuantInfoError {
    /// Not JSON, or not of the file's structure; the text names line and column.
    Json(serde_json::Error),
    /// An attribute that is used here has another form than its key demands.
    Attribute {
        /// The node.
        op: String,
        /// The attribute's key.
        key: String,
        /// The form demanded.
        expected: &'static str,
    },
}

impl fmt::Display for QuantInfoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QuantInfoError::Json(_) => f.write_str("not a quantization info file"),
            QuantInfoError::Attribute { op, key, expected } => {
                write!(f, "op {op}: the value of {key} must be {expected}")
            }
        }
    }
}

impl std::error::Error for QuantInfoError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            QuantInfoError::Json(error) => Some(error),
            QuantInfoError::Attribute { .. } => None,
        }
    }
}

impl Fault for QuantInfoError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Format
    }

    fn place(&self) -> Place<'_> {
        match self {
            QuantInfoError::Json(error) => Place::default().line(error.line()),
            QuantInfoError::Attribute { op, key, .. } => Place::node(op).attribute(key),
        }
    }
}
