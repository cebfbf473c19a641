//! What is wrong with ATC's JSON dump of a compiled model.

use std::fmt;

use amct_tensor::{ErrorKind, Fault, Place};

/// What can be wrong with ATC's dump of a compiled model.
#[derive(Debug)]
#[non_exhaustive]
pub enum CompiledModelError {
    /// Not JSON, or not of the file's structure; the text names line and column.
    Json(serde_json::Error),
    /// Something that is used here has another form than it must have.
    Value {
        /// The operator.
        op: String,
        /// The key.
        key: &'static str,
        /// What the value must be.
        expected: &'static str,
    },
    /// Two operators have one name.
    NameTwice(String),
    /// An operator reads one that is not there.
    NoSuchOp {
        /// The operator that reads.
        op: String,
        /// What it reads.
        input: String,
    },
}

impl fmt::Display for CompiledModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompiledModelError::Json(_) => f.write_str(
                "not a dump of a compiled model, as `atc --mode=1 --om=MODEL.om --json=FILE` makes one",
            ),
            CompiledModelError::Value { op, key, expected } => {
                write!(f, "op {op}: the value of {key} must be {expected}")
            }
            CompiledModelError::NameTwice(op) => write!(f, "two ops have the name {op}"),
            CompiledModelError::NoSuchOp { op, input } => {
                write!(f, "op {op} reads {input}, but there is no such op")
            }
        }
    }
}

impl std::error::Error for CompiledModelError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CompiledModelError::Json(error) => Some(error),
            _ => None,
        }
    }
}

impl Fault for CompiledModelError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Format
    }

    fn place(&self) -> Place<'_> {
        match self {
            CompiledModelError::Json(error) => Place::default().line(error.line()),
            CompiledModelError::Value { op, key, .. } => Place::node(op).attribute(key),
            CompiledModelError::NameTwice(op) | CompiledModelError::NoSuchOp { op, .. } => Place::node(op),
        }
    }
}
