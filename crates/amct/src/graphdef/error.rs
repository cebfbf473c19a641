//! What is wrong with a file that should be a GraphDef.

use std::fmt;
use std::path::{Path, PathBuf};

use amct_graph::GraphError;

/// A file that is not a usable GraphDef.
#[derive(Clone, Debug, PartialEq)]
pub enum GraphDefError {
    /// The file cannot be read.
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: String,
    },
    /// No bytes at all.
    Empty,
    /// More bytes than protobuf allows.
    TooLarge(usize),
    /// A text GraphDef (`.pbtxt`).
    Text,
    /// Not protobuf, another message, or cut short.
    Protobuf(String),
    /// Decodes, but without a single node: another kind of protobuf file.
    NoNodes,
    /// The nodes do not make a graph.
    Graph(GraphError),
    /// One of the above, in this file.
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: Box<GraphDefError>,
    },
}

impl GraphDefError {
    pub(super) fn in_file(self, path: &Path) -> Self {
        GraphDefError::InFile { path: path.to_owned(), error: Box::new(self) }
    }
}

impl fmt::Display for GraphDefError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GraphDefError::Io { path, error } => {
                write!(f, "cannot read the model '{}': {error}", path.display())
            }
            GraphDefError::Empty => f.write_str("the file is empty"),
            GraphDefError::TooLarge(len) => {
                write!(f, "the file has {len} bytes; a GraphDef has at most 2147483647")
            }
            GraphDefError::Text => f.write_str(
                "this is a text GraphDef; amct reads the binary form (save it with as_text=False)",
            ),
            GraphDefError::Protobuf(error) => write!(
                f,
                "not a binary GraphDef, or cut short ({error}); amct reads frozen .pb graphs, \
                 not SavedModels or checkpoints"
            ),
            GraphDefError::NoNodes => f.write_str(
                "no node in it: not a GraphDef; amct reads frozen .pb graphs, not SavedModels or checkpoints",
            ),
            GraphDefError::Graph(error) => error.fmt(f),
            GraphDefError::InFile { path, error } => write!(f, "model '{}': {error}", path.display()),
        }
    }
}

impl std::error::Error for GraphDefError {}
