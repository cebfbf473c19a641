//! Why a command failed: it was asked for something that cannot be, or the library refused.

use std::fmt;
use std::path::PathBuf;

use amct::Remedy;

use crate::remedy;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum CliError {
    /// What was asked for cannot be done, or not so.
    Usage(String),
    /// The program cannot be set up as the command line or the system's settings have it.
    Setup {
        /// What of it.
        what: String,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file that is read for the command line alone.
    File {
        /// What it is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// What can be done.
        remedy: Option<Remedy>,
    },
    /// The library refused.
    Library(amct::Error),
}

impl CliError {
    /// The whole of it in one line, with what to do in terms of the command line.
    pub(crate) fn in_one_line(&self) -> String {
        let remedy = match self {
            Self::Library(error) => error.remedy(),
            Self::File { remedy, .. } => remedy.clone(),
            Self::Usage(_) | Self::Setup { .. } => None,
        };
        let chain = amct::Chain(self);
        match remedy {
            Some(remedy) => format!("{chain}; {}", remedy::in_flags(&remedy)),
            None => chain.to_string(),
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => f.write_str(text),
            Self::Setup { what, .. } => f.write_str(what),
            Self::File { what, path, .. } => write!(f, "cannot use the {what} '{}'", path.display()),
            Self::Library(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CliError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Usage(_) => None,
            Self::Setup { source, .. } | Self::File { source, .. } => Some(&**source),
            Self::Library(error) => error.source(),
        }
    }
}

impl<E: Into<amct::Error>> From<E> for CliError {
    fn from(error: E) -> Self {
        Self::Library(error.into())
    }
}
