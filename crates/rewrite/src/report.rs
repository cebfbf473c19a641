//! What a pass did, node by node: applied, or skipped and why.

use std::fmt;

/// Why a pass left a node alone.
pub trait SkipReason: fmt::Display {
    /// Whether the user asked for it; it is then logged as information, not as a warning.
    fn is_by_request(&self) -> bool;
}

/// What happened to one node.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<R> {
    /// The pass did its work on it.
    Applied,
    /// The pass left it as it was, for this reason.
    Skipped(R),
}

impl<R: fmt::Display> fmt::Display for Outcome<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Applied => f.write_str("done"),
            Outcome::Skipped(reason) => write!(f, "skipped, {reason}"),
        }
    }
}

/// One node that a pass looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeOutcome<R> {
    /// Name of the node.
    pub node: String,
    /// Its op.
    pub op: String,
    /// What happened.
    pub outcome: Outcome<R>,
}

/// Every node that a pass looked at, in graph order.
#[derive(Clone, Debug, PartialEq)]
pub struct PassReport<R> {
    /// The nodes.
    pub nodes: Vec<NodeOutcome<R>>,
}

impl<R> Default for PassReport<R> {
    fn default() -> Self {
        Self { nodes: Vec::new() }
    }
}

impl<R> PassReport<R> {
    /// Names of the nodes the pass worked on.
    pub fn applied(&self) -> impl Iterator<Item = &str> {
        self.nodes
            .iter()
            .filter(|node| matches!(node.outcome, Outcome::Applied))
            .map(|node| node.node.as_str())
    }

    /// The nodes it left alone, with the reasons.
    pub fn skipped(&self) -> impl Iterator<Item = (&str, &R)> {
        self.nodes.iter().filter_map(|node| match &node.outcome {
            Outcome::Skipped(reason) => Some((node.node.as_str(), reason)),
            Outcome::Applied => None,
        })
    }

    /// The reason why a node was left alone.
    pub fn reason(&self, node: &str) -> Option<&R> {
        self.skipped().find(|(name, _)| *name == node).map(|(_, reason)| reason)
    }
}

impl<R: SkipReason> PassReport<R> {
    /// Adds a node and logs it under the pass's name.
    pub(crate) fn add(&mut self, pass: &'static str, node: &str, op: &str, outcome: Outcome<R>) {
        match &outcome {
            Outcome::Applied => log::debug!(target: pass, "{op} '{node}': {outcome}"),
            Outcome::Skipped(reason) if reason.is_by_request() => {
                log::info!(target: pass, "{op} '{node}': {outcome}");
            }
            Outcome::Skipped(_) => log::warn!(target: pass, "{op} '{node}': {outcome}"),
        }
        self.push(node, op, outcome);
    }
}

impl<R> PassReport<R> {
    /// Adds a node.
    pub(crate) fn push(&mut self, node: &str, op: &str, outcome: Outcome<R>) {
        self.nodes.push(NodeOutcome { node: node.to_owned(), op: op.to_owned(), outcome });
    }
}
