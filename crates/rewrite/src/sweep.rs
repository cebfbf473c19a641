//! Removal of what a rewrite left behind, and what of it may go: decided here for all passes.
//!
//! What goes is a constant that was replaced, with the constant expression around it. It stays if somebody
//! reads its value, or the user asked for it. Two other things can name it, and do not keep it, for they
//! do not ask for its value:
//!
//! * **A control edge.** A constant is there before anything runs, so to wait for it orders nothing. Graphs
//!   exported by TensorFlow 2 end in a `NoOp` that waits for the `Identity` of every weight. The edge goes;
//!   who waited takes over what the constant itself had waited for. The node that waited stays, a `NoOp`
//!   too: it may be asked for by name, and costs some bytes. What reads a replaced constant only for the
//!   sake of such an edge goes too. Every other control edge stays, one from a stateful op above all: only
//!   the ops of [`is_stateless`] are known to do nothing but compute their value.
//! * **A place** (`_class`, `loc:@NAME`). It chooses a device, and ATC has one. TensorFlow refuses a place
//!   at a node that is missing, so [`Graph::apply`] takes the entry out with the node.
//!
//! ATC removes what no output needs, so it misses none of this.

use std::collections::BTreeSet;

use amct_graph::{Consumers, Graph, GraphError, Node, NodeId, Patch, op};

use crate::evaluate::is_constant_op;
use crate::outputs::Outputs;
use crate::qat::is_fake_quant;

/// Removes those of `candidates`, and of the nodes behind them, that belong to a constant
/// expression and that nobody reads or asked for.
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
    let dead = Sweep { graph, consumers: graph.consumers(), outputs, may_go }.dead(candidates);
    let mut patch = Patch::new();
    for (id, node) in graph.nodes().filter(|(id, _)| !dead.contains(id)) {
        if node.controls.iter().any(|control| dead.contains(control)) {
            patch.set_controls(id, waits_for(graph, node, &|control| dead.contains(&control)));
        }
    }
    dead.into_iter().for_each(|id| patch.remove(id));
    graph.apply(&patch).map(|_| ())
}

struct Sweep<'a> {
    graph: &'a Graph,
    consumers: Consumers,
    outputs: &'a Outputs,
    may_go: &'a dyn Fn(NodeId, &Node) -> bool,
}

impl Sweep<'_> {
    fn dead(&self, candidates: impl IntoIterator<Item = NodeId>) -> BTreeSet<NodeId> {
        let mut dead = BTreeSet::new();
        // Who reads what may go, each once: it may be there for a control edge alone.
        let mut looked_at = BTreeSet::new();
        let mut open: Vec<NodeId> = candidates.into_iter().collect();
        while let Some(id) = open.pop() {
            let Some(node) = self.graph.get(id) else { continue };
            if dead.contains(&id) || self.outputs.has_node(id) || !(self.may_go)(id, node) {
                continue;
            }
            let mut readers =
                self.consumers.all(id).map(|use_| use_.node).filter(|by| !dead.contains(by)).peekable();
            if readers.peek().is_some() {
                open.extend(readers.filter(|&by| self.is_waited_for(by) && looked_at.insert(by)));
                continue;
            }
            let mut waiting = self.consumers.controlled_by(id).iter();
            if waiting.any(|by| !dead.contains(by)) && !orders_nothing(self.graph, id) {
                continue;
            }
            dead.insert(id);
            open.extend(node.inputs.iter().map(|outlet| outlet.node));
            // Anything else may have to be waited for, and costs little.
            open.extend(node.controls.iter().copied().filter(|&control| orders_nothing(self.graph, control)));
        }
        dead
    }

    /// Whether somebody waits for a constant expression, or for one that reads it. A leaf that nobody waits
    /// for is no leftover: it may be what the user runs next.
    fn is_waited_for(&self, id: NodeId) -> bool {
        let is_leaf = self.consumers.controlled_by(id).is_empty() && self.consumers.all(id).next().is_none();
        !is_leaf && orders_nothing(self.graph, id)
    }
}

/// What a node waits for, with those constant expressions of it that are `left_out` replaced by what they
/// themselves wait for.
pub(crate) fn waits_for(graph: &Graph, node: &Node, left_out: &dyn Fn(NodeId) -> bool) -> Vec<NodeId> {
    let (gone, kept): (Vec<NodeId>, Vec<NodeId>) =
        node.controls.iter().partition(|&&control| left_out(control));
    let mut seen = BTreeSet::new();
    let mut open = gone;
    let mut taken_over = Vec::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let constant = graph.node(id);
        open.extend(constant.inputs.iter().map(|outlet| outlet.node));
        let (constants, others): (Vec<NodeId>, Vec<NodeId>) =
            constant.controls.iter().partition(|&&control| orders_nothing(graph, control));
        open.extend(constants);
        taken_over.extend(others);
    }
    let mut known: BTreeSet<NodeId> = kept.iter().copied().collect();
    kept.into_iter().chain(taken_over.into_iter().filter(|&id| known.insert(id))).collect()
}

/// Whether a node is a constant expression, so that waiting for it orders nothing.
pub(crate) fn orders_nothing(graph: &Graph, id: NodeId) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        let Some(node) = graph.get(id) else { return false };
        if !is_stateless(node) || (node.inputs.is_empty() && node.op != op::CONST) {
            return false;
        }
        open.extend(node.inputs.iter().map(|outlet| outlet.node).filter(|&input| seen.insert(input)));
    }
    true
}

/// Whether a node is known to do nothing but compute its value: what freezing puts in the place of a
/// variable and of what reads it, and what trained quantization puts behind it.
fn is_stateless(node: &Node) -> bool {
    is_constant_op(&node.op) || node.is_pass_through() || is_fake_quant(node)
}

#[cfg(test)]
mod tests;
