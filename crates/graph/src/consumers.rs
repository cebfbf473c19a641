use std::collections::BTreeMap;

use crate::{Graph, NodeId, Outlet};

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

    /// The nodes with a control input from `node`.
    pub fn controlled_by(&self, node: NodeId) -> &[NodeId] {
        self.control.get(&node).map_or(&[], Vec::as_slice)
    }
}
