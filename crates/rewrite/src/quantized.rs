//! The quantized layers of a graph, by the nodes that belong to them.

use amct_graph::{Graph, NodeId};

use crate::verify::path::{self, Path};

/// A layer between an `AscendQuant` and an `AscendDequant`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantizedLayer {
    /// The layer.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// Its op.
    pub op: String,
    /// The `AscendQuant` that its data comes from.
    pub quant: NodeId,
    /// The `AscendDequant` behind it; of a group convolution all parts have the same.
    pub dequant: NodeId,
}

/// The layers of a graph that are quantized whole, in graph order. What has only a part of what
/// belongs to one is not among them; [`verify`](crate::verify()) tells of it.
pub fn quantized_layers(graph: &Graph) -> Vec<QuantizedLayer> {
    let whole = |path: Path| {
        let node = graph.node(path.layer);
        Some(QuantizedLayer {
            node: path.layer,
            name: node.name.clone(),
            op: node.op.clone(),
            quant: path.quant?,
            dequant: path.dequant?,
        })
    };
    path::all(graph, &graph.consumers()).into_iter().filter_map(whole).collect()
}
