//! Removal of constants that a rewrite left without readers.

use std::collections::BTreeSet;

use amct_graph::{AttrValue, Graph, GraphError, Node, NodeId, Patch};

use crate::evaluate::is_constant_op;
use crate::outputs::Outputs;

/// Removes those of `candidates`, and of the nodes behind them, that belong to a constant
/// expression and that nobody reads, waits for, is colocated with or asked for.
///
/// # Errors
/// None that a consistent graph can cause.
pub(crate) fn remove_dead_constants(
    graph: &mut Graph,
    candidates: impl IntoIterator<Item = NodeId>,
    outputs: &Outputs,
) -> Result<(), GraphError> {
    remove_dead(graph, candidates, outputs, &|_, node| is_constant_op(&node.op) || node.is_pass_through())
}

/// As [`remove_dead_constants`], of the nodes that `may_go`.
///
/// # Errors
/// None that a consistent graph can cause.
pub(crate) fn remove_dead(
    graph: &mut Graph,
    candidates: impl IntoIterator<Item = NodeId>,
    outputs: &Outputs,
    may_go: &dyn Fn(NodeId, &Node) -> bool,
) -> Result<(), GraphError> {
    let consumers = graph.consumers();
    let mut dead = BTreeSet::new();
    let mut open: Vec<NodeId> = candidates.into_iter().collect();
    while let Some(id) = open.pop() {
        let Some(node) = graph.get(id) else { continue };
        let is_used = consumers.all(id).any(|use_| !dead.contains(&use_.node))
            || consumers.controlled_by(id).iter().any(|reader| !dead.contains(reader))
            || outputs.has_node(id);
        if is_used || !may_go(id, node) || has_colocated(graph, node, &dead) {
            continue;
        }
        if dead.insert(id) {
            open.extend(node.inputs.iter().map(|outlet| outlet.node));
            open.extend(node.controls.iter().copied());
        }
    }
    let mut patch = Patch::new();
    dead.into_iter().for_each(|id| patch.remove(id));
    graph.apply(&patch).map(|_| ())
}

/// Whether a node that stays asks in `_class` to be placed with this one: TensorFlow refuses a
/// graph where the place named is missing.
fn has_colocated(graph: &Graph, node: &Node, dead: &BTreeSet<NodeId>) -> bool {
    let place = format!("loc:@{}", node.name);
    graph.nodes().filter(|(id, other)| !dead.contains(id) && other.name != node.name).any(|(_, other)| {
        matches!(other.attrs.get("_class"), Some(AttrValue::List(list)) if list.s.iter().any(|s| s == place.as_bytes()))
    })
}
