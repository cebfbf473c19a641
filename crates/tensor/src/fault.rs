//! What every error of the workspace can tell besides its text: its kind and its place.

use std::error::Error;
use std::path::Path;

use crate::quantization::{BiasOverflow, ScaleError};
use crate::window::WindowError;
use crate::{Internal, TensorError};

/// What sort of thing went wrong, for a program that wants to act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system refused to read, write or start something.
    Io,
    /// A file or text is not what it should be.
    Format,
    /// A graph is not sound, or lacks what is asked of it.
    Graph,
    /// Something that is known, or well-formed, but not supported.
    Unsupported,
    /// What was asked for, in arguments or in a configuration, cannot be done.
    Configuration,
    /// Images, arrays or batches do not fit what they are for.
    Data,
    /// Values that cannot be computed with: not finite, too large, too small, none at all.
    Numeric,
    /// The end was asked for.
    Interrupted,
    /// A fault of the program.
    Internal,
}

/// Where something went wrong, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place<'a> {
    /// The file or directory.
    pub file: Option<&'a Path>,
    /// The line of the file, from 1.
    pub line: Option<usize>,
    /// The node of the graph. A layer has the name of its node.
    pub node: Option<&'a str>,
    /// The node's attribute, or the key of a configuration.
    pub attribute: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// A file or directory.
    pub fn file(file: &'a Path) -> Self {
        Self { file: Some(file), ..Self::default() }
    }

    /// A node.
    pub fn node(node: &'a str) -> Self {
        Self { node: Some(node), ..Self::default() }
    }

    /// In this line of the file.
    pub fn line(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    /// In this attribute or key.
    pub fn attribute(self, attribute: &'a str) -> Self {
        Self { attribute: Some(attribute), ..self }
    }

    /// This place, with what it leaves open told by `inner`, which comes from nearer to the cause.
    pub fn within(self, inner: Self) -> Self {
        Self {
            file: self.file.or(inner.file),
            line: self.line.or(inner.line),
            node: self.node.or(inner.node),
            attribute: self.attribute.or(inner.attribute),
        }
    }
}

/// An error of this workspace: data beside the text.
pub trait Fault: Error + 'static {
    /// What sort of thing went wrong.
    fn kind(&self) -> ErrorKind;

    /// Where, as far as the error knows.
    fn place(&self) -> Place<'_> {
        Place::default()
    }
}

impl<E: Fault> Fault for Box<E> {
    fn kind(&self) -> ErrorKind {
        (**self).kind()
    }

    fn place(&self) -> Place<'_> {
        (**self).place()
    }
}

impl Fault for Internal {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }
}

impl Fault for TensorError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Data
    }
}

impl Fault for WindowError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Graph
    }
}

impl Fault for ScaleError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Numeric
    }
}

impl Fault for BiasOverflow {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Numeric
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outer_place_is_kept_and_the_inner_one_fills_it_up() {
        let outer = Place::file(Path::new("a.pb"));
        let inner = Place::file(Path::new("b.pb")).line(3).attribute("strides");
        let both = outer.within(inner);
        assert_eq!(both, Place { file: outer.file, line: Some(3), node: None, attribute: Some("strides") });
        assert_eq!(Place::node("conv").within(outer).node, Some("conv"));
    }
}
