//! What is written about single nodes of a quantized graph and its original.

use std::collections::{BTreeMap, BTreeSet};

use super::told::NodeOrigin;

/// The written origins by name; of a node that they do not name anything may be so.
#[derive(Default)]
pub(super) struct Written<'n> {
    /// The original nodes that each node of the quantized graph stands for; none at all if nothing is written.
    originals: Option<BTreeMap<&'n str, &'n [String]>>,
    /// Original nodes that a node of another name stands for.
    taken: BTreeSet<&'n str>,
    /// All original nodes that are named.
    named: BTreeSet<&'n str>,
}

impl<'n> Written<'n> {
    pub(super) fn of(nodes: &'n [NodeOrigin]) -> Self {
        let (mut taken, mut named) = (BTreeSet::new(), BTreeSet::new());
        for node in nodes {
            let original = node.original.iter().chain(&node.output_of).map(String::as_str);
            named.extend(original.clone());
            taken.extend(original.filter(|name| *name != node.name));
        }
        let originals = nodes.iter().map(|node| (node.name.as_str(), node.original.as_slice()));
        Self { originals: Some(originals.collect()), taken, named }
    }

    /// Whether an original node may have been folded into others.
    pub(super) fn may_be_folded(&self, original: &str) -> bool {
        self.taken.contains(original) || !self.named.contains(original)
    }

    /// Whether a node that the original does not have may have been inserted. What is written lists every node.
    pub(super) fn may_be_inserted(&self, now: &str) -> bool {
        let Some(originals) = &self.originals else { return true };
        originals.get(now).is_some_and(|originals| !originals.iter().any(|original| original == now))
    }

    /// Whether a node of the quantized graph may be one of the original under another name.
    pub(super) fn may_stand_for(&self, now: &str, original: &str) -> bool {
        let originals = self.originals.as_ref().and_then(|originals| originals.get(now));
        originals
            .is_none_or(|originals| originals.is_empty() || originals.iter().any(|name| name == original))
    }
}
