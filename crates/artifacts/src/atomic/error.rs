//! Why a file was not written, with its path.

use std::fmt;
use std::path::PathBuf;

use amct_tensor::{ErrorKind, Fault, Place};

/// Why an output was not written.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// The operating system refused to create, write or rename.
    Io {
        /// The output.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The path names a directory, a device or nothing, where a file is needed.
    NotAFile {
        /// The path given.
        path: PathBuf,
    },
    /// Two outputs of one set have the same path.
    Twice {
        /// The path given.
        path: PathBuf,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Io { path, .. } => write!(f, "cannot write {}", path.display()),
            WriteError::NotAFile { path } => {
                write!(f, "cannot write {}: it is not the path of a regular file", path.display())
            }
            WriteError::Twice { path } => {
                write!(f, "cannot write {}: another output has the same path", path.display())
            }
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            WriteError::Io { source, .. } => Some(source),
            WriteError::NotAFile { .. } | WriteError::Twice { .. } => None,
        }
    }
}

impl Fault for WriteError {
    fn kind(&self) -> ErrorKind {
        match self {
            WriteError::Io { .. } => ErrorKind::Io,
            WriteError::NotAFile { .. } | WriteError::Twice { .. } => ErrorKind::Configuration,
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            WriteError::Io { path, .. } | WriteError::NotAFile { path } | WriteError::Twice { path } => {
                Place::file(path)
            }
        }
    }
}
