use amct_graph::Graph;
use amct_rewrite::{LayerKind, quantized_layers};

/// `Conv2D`s with so few input channels ATC gives back to float.
const FEW_CHANNELS: usize = 16;

/// The quantized layers that ATC gives back to float by a rule that is public: `Conv2D` with at most 16
/// input channels. There are other rules; only a compiled model tells for sure.
pub fn expected_in_float(graph: &Graph) -> Vec<String> {
    let has_few = |node: amct_graph::NodeId| -> Option<bool> {
        let quant = graph.node(graph.node(node).inputs.get(1)?.node);
        let weights = graph.constant(*quant.inputs.first()?).ok()??;
        Some(LayerKind::Conv2d.input_channels(weights.shape())? <= FEW_CHANNELS)
    };
    quantized_layers(graph)
        .into_iter()
        .filter(|layer| layer.op == "Conv2D" && has_few(layer.node) == Some(true))
        .map(|layer| layer.name)
        .collect()
}
