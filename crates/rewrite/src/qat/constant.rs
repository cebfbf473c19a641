//! Which nodes depend on constants alone.

use std::collections::BTreeSet;

use amct_graph::{Graph, GraphError, Node, NodeId, op};

/// The nodes whose value is the same on every run.
///
/// # Errors
/// [`GraphError::Cycle`].
pub(super) fn nodes(graph: &Graph) -> Result<BTreeSet<NodeId>, GraphError> {
    let mut constant = BTreeSet::new();
    for id in graph.topological_order()? {
        let node = graph.node(id);
        let of_constants = !node.inputs.is_empty()
            && is_function(node)
            && node.inputs.iter().all(|outlet| constant.contains(&outlet.node));
        if node.op == op::CONST || of_constants {
            constant.insert(id);
        }
    }
    Ok(constant)
}

/// Whether a node gives the same for the same inputs, and cannot be fed.
fn is_function(node: &Node) -> bool {
    let op = node.op.as_str();
    let decides = matches!(
        op,
        op::SWITCH | op::REF_SWITCH | op::MERGE | op::REF_MERGE | op::ENTER | op::NEXT_ITERATION
    );
    !(decides || op.starts_with(op::PLACEHOLDER) || op.contains("Random") || op == op::MULTINOMIAL)
}
