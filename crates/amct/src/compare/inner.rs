//! The quantized layers of a graph, and what lies inside them.

use std::collections::BTreeSet;

use amct_graph::{Graph, LayerKind, NodeId, QuantizedLayer};
use amct_rewrite::provenance::Counterparts;

/// The quantized layers by the names of the float model: one whose value is an output has given its name to
/// an identity of the dequantized value.
pub(super) fn layers(quantized: &Graph, counterparts: &Counterparts<'_>) -> Vec<QuantizedLayer> {
    let mut layers = amct_graph::quantized_layers(quantized);
    for layer in &mut layers {
        let original = counterparts.of(layer.node).map(|id| counterparts.original().node(id));
        if let Some(original) = original.filter(|original| original.op == layer.op) {
            layer.name.clone_from(&original.name);
        }
    }
    layers
}

/// The nodes from the `AscendQuant`s to what the `AscendDequant`s read, weights and biases among them:
/// their values have no counterpart in a float model.
pub(super) fn nodes(graph: &Graph, layers: &[QuantizedLayer]) -> BTreeSet<NodeId> {
    let mut inner: BTreeSet<NodeId> = layers.iter().map(|layer| layer.quant).collect();
    let mut open: Vec<NodeId> =
        layers.iter().flat_map(|layer| &graph.node(layer.dequant).inputs).map(|outlet| outlet.node).collect();
    while let Some(id) = open.pop() {
        if !inner.insert(id) {
            continue;
        }
        let node = graph.node(id);
        // The size that a transposed convolution makes may come from anywhere in the graph.
        let is_of_layer = |input: usize| {
            LayerKind::of_op(&node.op)
                .is_none_or(|kind| input == kind.data_input() || Some(input) == kind.weight_input())
        };
        let inputs = node.inputs.iter().enumerate().filter(|(input, _)| is_of_layer(*input));
        open.extend(inputs.map(|(_, outlet)| outlet.node));
    }
    inner
}
