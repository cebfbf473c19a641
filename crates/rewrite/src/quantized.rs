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

impl QuantizedLayer {
    /// The layer of a path that has all that belongs to one.
    pub(crate) fn of(graph: &Graph, path: &Path) -> Option<Self> {
        let node = graph.node(path.layer);
        Some(Self {
            node: path.layer,
            name: node.name.clone(),
            op: node.op.clone(),
            quant: path.quant?,
            dequant: path.dequant?,
        })
    }
}

/// The layers of a graph that are quantized whole, in graph order. What has only a part of what
/// belongs to one is not among them; [`verify`](crate::verify()) tells of it.
pub fn quantized_layers(graph: &Graph) -> Vec<QuantizedLayer> {
    path::all(graph, &graph.consumers()).iter().filter_map(|path| QuantizedLayer::of(graph, path)).collect()
}
