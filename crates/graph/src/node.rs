//! A node, its id, and one of its outputs (an outlet).

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;

use crate::{AttrValue, Attributes, op};

/// A node's place in its [`Graph`](crate::Graph); stays valid until the node is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The place as a number, for side tables.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One output of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outlet {
    /// The node.
    pub node: NodeId,
    /// Which of its outputs, from 0.
    pub slot: usize,
}

impl Outlet {
    /// Output `slot` of `node`.
    pub fn new(node: NodeId, slot: usize) -> Self {
        Self { node, slot }
    }
}

impl From<NodeId> for Outlet {
    fn from(node: NodeId) -> Self {
        Self { node, slot: 0 }
    }
}

/// One node, as it stood in the GraphDef.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Node {
    /// Unique name.
    pub name: String,
    /// Op type, also one nobody here knows.
    pub op: String,
    /// Data inputs in order.
    pub inputs: Vec<Outlet>,
    /// Nodes that must have run before (`^name` inputs).
    pub controls: Vec<NodeId>,
    /// Requested device, often empty.
    pub device: String,
    /// Attributes by name.
    pub attrs: BTreeMap<String, AttrValue>,
    /// Encoded fields that are carried from input to output and never looked at.
    pub carried: Bytes,
}

impl Node {
    /// Typed access to the attributes, with errors that name this node.
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes::new(self)
    }

    /// Whether the node hands its first input on unchanged.
    pub fn is_pass_through(&self) -> bool {
        matches!(self.op.as_str(), op::IDENTITY | op::STOP_GRADIENT | op::PREVENT_GRADIENT | op::SNAPSHOT)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}'", self.op, self.name)
    }
}
