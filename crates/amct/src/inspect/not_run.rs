//! Why the work of a graph could not be counted.

use std::fmt;

/// Why a graph could not be run once, to count its work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRun {
    /// An input leaves dimensions free, and no shape was given for it.
    FreeDimensions {
        /// The input.
        input: String,
    },
    /// The graph has operators that amct does not have.
    MissingOperators,
    /// The run failed; the error in one line.
    Failed(String),
}

impl fmt::Display for NotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FreeDimensions { input } => write!(f, "input '{input}' leaves dimensions free"),
            Self::MissingOperators => f.write_str("operators are missing"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}
