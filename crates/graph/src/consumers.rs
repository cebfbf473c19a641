//! Who reads each outlet: the edges of a graph turned round.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Graph, Node, NodeId, Outlet};

/// One place where an outlet is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The node that reads.
    pub node: NodeId,
    /// Which of its data inputs.
    pub input: usize,
}

/// Who reads what: the graph's edges turned round, for one state of the graph.
#[derive(Clone, Debug, Default)]
pub struct Consumers {
    uses: BTreeMap<Outlet, Vec<Use>>,
    control: BTreeMap<NodeId, Vec<NodeId>>,
}

impl Consumers {
    pub(crate) fn of_graph(graph: &Graph) -> Self {
        let mut consumers = Consumers::default();
        for (id, node) in graph.nodes() {
            for (input, &outlet) in node.inputs.iter().enumerate() {
                consumers.uses.entry(outlet).or_default().push(Use { node: id, input });
            }
            for &control in &node.controls {
                consumers.control.entry(control).or_default().push(id);
            }
        }
        consumers
    }

    /// The data uses of one outlet, in node order.
    pub fn of(&self, outlet: impl Into<Outlet>) -> &[Use] {
        self.uses.get(&outlet.into()).map_or(&[], Vec::as_slice)
    }

    /// The only data use of a node's output 0, if there is exactly one use of it, none of its
    /// other outputs and no control edge.
    pub fn only(&self, node: NodeId) -> Option<Use> {
        match self.of(node) {
            [one] if self.all(node).count() == 1 && self.controlled_by(node).is_empty() => Some(*one),
            _ => None,
        }
    }

    /// The data uses of all outputs of a node.
    pub fn all(&self, node: NodeId) -> impl Iterator<Item = Use> + '_ {
        self.uses
            .range(Outlet::new(node, 0)..=Outlet::new(node, usize::MAX))
            .flat_map(|(_, uses)| uses.iter().copied())
    }

    /// Who reads output 0 of a node in the end: the uses of an identity count as uses of what it
    /// reads. An identity that nobody reads, or that `ends` names, is a reader itself: by it the
    /// value leaves the graph.
    pub fn through_identities(&self, graph: &Graph, node: NodeId, ends: &dyn Fn(NodeId) -> bool) -> Vec<Use> {
        let mut found = BTreeSet::new();
        let mut open = self.of(node).to_vec();
        let mut seen = BTreeSet::from([node]);
        while let Some(use_) = open.pop() {
            let is_identity = graph.get(use_.node).is_some_and(Node::is_pass_through);
            let next = self.of(use_.node);
            if is_identity && seen.insert(use_.node) {
                open.extend(next);
            }
            if !is_identity || next.is_empty() || ends(use_.node) {
                found.insert(use_);
            }
        }
        found.into_iter().collect()
    }

    /// The nodes with a control input from `node`.
    pub fn controlled_by(&self, node: NodeId) -> &[NodeId] {
        self.control.get(&node).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GraphMeta;

    #[test]
    fn identities_are_looked_through() {
        let node = |name: &str, op: &str, inputs: &[&str]| {
            let node = Node { name: name.into(), op: op.into(), ..Node::default() };
            (node, inputs.iter().map(|&input| input.to_owned()).collect::<Vec<_>>())
        };
        let nodes = [
            node("x", "Placeholder", &[]),
            node("i", "Identity", &["x"]),
            node("j", "Identity", &["i"]),
            node("a", "Relu", &["j"]),
            node("b", "Add", &["i", "x"]),
            node("end", "Identity", &["x"]),
        ];
        let graph = Graph::from_named(nodes, GraphMeta::default()).unwrap();
        let consumers = graph.consumers();
        let readers = |ends: &str| -> Vec<(String, usize)> {
            let ends = |id| graph.node(id).name == ends;
            let uses = consumers.through_identities(&graph, graph.find("x").unwrap(), &ends);
            uses.into_iter().map(|use_| (graph.node(use_.node).name.clone(), use_.input)).collect()
        };
        let expected =
            [("a", 0), ("b", 0), ("b", 1), ("end", 0)].map(|(name, input)| (name.to_owned(), input));
        assert_eq!(readers("none"), expected);
        assert_eq!(readers("j").len(), 5, "an identity that was asked for is a reader too");
        assert_eq!(graph.source(graph.outlet("j").unwrap()), graph.outlet("x").unwrap());
    }
}
