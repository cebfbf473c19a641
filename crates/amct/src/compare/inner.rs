//! What lies inside the quantized layers of a graph.

use std::collections::BTreeSet;

use amct_graph::{Graph, NodeId};
use amct_rewrite::QuantizedLayer;

/// The nodes from the `AscendQuant`s to what the `AscendDequant`s read, weights and biases among them:
/// their values have no counterpart in a float model.
pub(super) fn nodes(graph: &Graph, layers: &[QuantizedLayer]) -> BTreeSet<NodeId> {
    let mut inner: BTreeSet<NodeId> = layers.iter().map(|layer| layer.quant).collect();
    let mut open: Vec<NodeId> =
        layers.iter().flat_map(|layer| &graph.node(layer.dequant).inputs).map(|outlet| outlet.node).collect();
    while let Some(id) = open.pop() {
        if inner.insert(id) {
            open.extend(graph.node(id).inputs.iter().map(|outlet| outlet.node));
        }
    }
    inner
}
