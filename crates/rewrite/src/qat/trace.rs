//! Where the fake quantization of a value stands.

use std::collections::BTreeSet;

use amct_graph::op::{SPLIT_DATA, is_concat};
use amct_graph::quantized::joined_parts;
use amct_graph::{Graph, Node, NodeId, Outlet, op};

use super::is_fake_quant;

/// The fake quantization before a layer's input: the nearest on every way back, all ways passing
/// nodes that only choose and move values (a zero is on every grid). In graph order.
///
/// # Errors
/// The node where a way ends without it.
pub(super) fn activations(graph: &Graph, input: Outlet) -> Result<BTreeSet<NodeId>, NodeId> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![input];
    while let Some(outlet) = open.pop() {
        if !seen.insert(outlet) {
            continue;
        }
        let node = graph.node(outlet.node);
        if is_fake_quant(node) {
            found.insert(outlet.node);
            continue;
        }
        let before = moved(node);
        if before.is_empty() {
            return Err(outlet.node);
        }
        open.extend(before);
    }
    Ok(found)
}

/// What a node gives on unchanged, though perhaps elsewhere or not all of it; nothing if it does more.
fn moved(node: &Node) -> Vec<Outlet> {
    let at = |input: usize| node.inputs.get(input).copied().into_iter().collect();
    match node.op.as_str() {
        op::BATCH_TO_SPACE_ND
        | op::DEPTH_TO_SPACE
        | op::EXPAND_DIMS
        | op::MAX_POOL
        | op::MAX_POOL_V2
        | op::PAD
        | op::RELU
        | op::RESHAPE
        | op::RESIZE_NEAREST_NEIGHBOR
        | op::REVERSE_V2
        | op::SLICE
        | op::SPACE_TO_BATCH_ND
        | op::SPACE_TO_DEPTH
        | op::SPLIT_V
        | op::SQUEEZE
        | op::STRIDED_SLICE
        | op::TILE
        | op::TRANSPOSE
        | op::UNPACK => at(0),
        op::SPLIT => at(SPLIT_DATA),
        op if is_concat(op) => joined_parts(node).map(|(parts, _)| parts.to_vec()).unwrap_or_default(),
        op::PACK => node.inputs.clone(),
        _ if node.is_pass_through() => at(0),
        _ => Vec::new(),
    }
}

/// Whether the steps of a constant behind a node follow from those before it as its value does.
pub(super) fn keeps_steps(node: &Node) -> bool {
    matches!(node.op.as_str(), op::RESHAPE | op::TRANSPOSE | op::SQUEEZE | op::EXPAND_DIMS | op::MUL)
        || node.is_pass_through()
        || is_fake_quant(node)
}
