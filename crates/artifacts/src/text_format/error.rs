//! Places in a text, and what is wrong there.

use std::fmt;

use amct_tensor::{ErrorKind, Fault, Place};

/// A place in a text, both counted from 1; the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text that is not protobuf's text format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where it stops being so.
    pub at: Position,
    /// What was found there and what could have been.
    pub message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

impl std::error::Error for SyntaxError {}

impl Fault for SyntaxError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Format
    }

    fn place(&self) -> Place<'_> {
        Place::default().line(self.at.line)
    }
}
