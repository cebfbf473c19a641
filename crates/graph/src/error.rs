//! What is wrong with a graph, or with a change asked of it.

use std::fmt;

use amct_tensor::{ErrorKind, Fault, Internal, Place};

use crate::{AttrError, LiteralError};

/// What can be wrong with a graph or with a change asked of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum GraphError {
    /// Two nodes of one name.
    DuplicateName(String),
    /// An input names a node that does not exist.
    UnknownInput {
        /// The node whose input it is.
        node: String,
        /// The input as written.
        input: String,
    },
    /// No node of this name; the nearest names there are.
    UnknownNode {
        /// The name asked for.
        name: String,
        /// Similar names, best first.
        nearest: Vec<String>,
    },
    /// The graph has a cycle through this node.
    Cycle(String),
    /// A patch removes a node that is still used.
    StillUsed {
        /// The node to be removed.
        node: String,
        /// A node that reads it.
        by: String,
    },
    /// A patch touches a node that is no longer there, or an input it does not have.
    Stale(String),
    /// An attribute cannot be read.
    Attr(Box<AttrError>),
    /// A constant cannot be decoded.
    Constant {
        /// The `Const` node.
        node: String,
        /// Why.
        error: LiteralError,
    },
    /// A fault of the program.
    Internal(Internal),
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GraphError::DuplicateName(name) => write!(f, "two nodes are named '{name}'"),
            GraphError::UnknownInput { node, input } => {
                write!(f, "node '{node}' reads '{input}', which is not in the graph")
            }
            GraphError::UnknownNode { name, nearest } => {
                write!(f, "there is no node '{name}' in the graph")?;
                match nearest.as_slice() {
                    [] => Ok(()),
                    names => write!(f, "; the nearest names are '{}'", names.join("', '")),
                }
            }
            GraphError::Cycle(node) => write!(f, "the graph has a cycle through node '{node}'"),
            GraphError::StillUsed { node, by } => {
                write!(f, "node '{node}' cannot be removed: '{by}' reads it")
            }
            GraphError::Stale(what) => write!(f, "the patch does not fit the graph: {what}"),
            GraphError::Attr(error) => error.fmt(f),
            GraphError::Constant { node, .. } => write!(f, "constant '{node}'"),
            GraphError::Internal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for GraphError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            GraphError::Attr(error) => error.source(),
            GraphError::Constant { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl Fault for GraphError {
    fn kind(&self) -> ErrorKind {
        match self {
            GraphError::UnknownNode { .. } => ErrorKind::Configuration,
            GraphError::Attr(error) => error.kind(),
            GraphError::Internal(error) => error.kind(),
            GraphError::Constant { error, .. } => error.kind(),
            GraphError::StillUsed { .. } | GraphError::Stale(_) => ErrorKind::Internal,
            GraphError::DuplicateName(_) | GraphError::UnknownInput { .. } | GraphError::Cycle(_) => {
                ErrorKind::Graph
            }
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            GraphError::Attr(error) => error.place(),
            GraphError::DuplicateName(node)
            | GraphError::UnknownInput { node, .. }
            | GraphError::UnknownNode { name: node, .. }
            | GraphError::Cycle(node)
            | GraphError::StillUsed { node, .. }
            | GraphError::Constant { node, .. } => Place::node(node),
            GraphError::Stale(_) | GraphError::Internal(_) => Place::default(),
        }
    }
}

impl From<Internal> for GraphError {
    fn from(error: Internal) -> Self {
        GraphError::Internal(error)
    }
}

impl From<AttrError> for GraphError {
    fn from(error: AttrError) -> Self {
        GraphError::Attr(Box::new(error))
    }
}
