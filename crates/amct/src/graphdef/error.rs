//! What is wrong with a file that should be a GraphDef.

use std::fmt;
use std::path::{Path, PathBuf};

use amct_graph::GraphError;
use amct_tensor::{ErrorKind, Fault, Place};

/// A file that is not a usable GraphDef.
#[derive(Debug)]
#[non_exhaustive]
pub enum GraphDefError {
    /// The file cannot be read.
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// No bytes at all.
    Empty,
    /// More bytes than protobuf allows.
    TooLarge(usize),
    /// A text GraphDef (`.pbtxt`).
    Text,
    /// Not protobuf, another message, or cut short.
    Protobuf(prost::DecodeError),
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
            GraphDefError::Io { path, .. } => write!(f, "cannot read the model '{}'", path.display()),
            GraphDefError::Empty => f.write_str("the file is empty"),
            GraphDefError::TooLarge(len) => {
                write!(f, "the file has {len} bytes; a GraphDef has at most 2147483647")
            }
            GraphDefError::Text => f.write_str(
                "this is a text GraphDef; amct reads the binary form (save it with as_text=False)",
            ),
            GraphDefError::Protobuf(_) => f.write_str(
                "not a binary GraphDef, or cut short; amct reads frozen .pb graphs, not SavedModels or checkpoints",
            ),
            GraphDefError::NoNodes => f.write_str(
                "no node in it: not a GraphDef; amct reads frozen .pb graphs, not SavedModels or checkpoints",
            ),
            GraphDefError::Graph(error) => error.fmt(f),
            GraphDefError::InFile { path, .. } => write!(f, "model '{}'", path.display()),
        }
    }
}

impl std::error::Error for GraphDefError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            GraphDefError::Io { source, .. } => Some(source),
            GraphDefError::Protobuf(error) => Some(error),
            GraphDefError::Graph(error) => error.source(),
            GraphDefError::InFile { error, .. } => Some(&**error),
            _ => None,
        }
    }
}

impl Fault for GraphDefError {
    fn kind(&self) -> ErrorKind {
        match self {
            GraphDefError::Io { .. } => ErrorKind::Io,
            GraphDefError::Empty
            | GraphDefError::TooLarge(_)
            | GraphDefError::Text
            | GraphDefError::Protobuf(_)
            | GraphDefError::NoNodes => ErrorKind::Format,
            GraphDefError::Graph(error) => error.kind(),
            GraphDefError::InFile { error, .. } => error.kind(),
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            GraphDefError::Io { path, .. } => Place::file(path),
            GraphDefError::InFile { path, error } => Place::file(path).within(error.place()),
            GraphDefError::Graph(error) => error.place(),
            _ => Place::default(),
        }
    }
}
