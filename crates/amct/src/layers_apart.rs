//! The layers of a graph, each ready to run by itself on an input of its own.

use std::collections::BTreeMap;

use amct_graph::{AttrValue, Graph, GraphError, NewNode, NodeId, Outlet, Patch, op, type_code};
use amct_rewrite::QuantizableLayer;
use amct_tensor::DType;

/// A graph in which a placeholder stands for each value that a layer reads.
pub(crate) struct LayersApart {
    pub(crate) graph: Graph,
    /// The placeholders by the outlets that they stand for.
    pub(crate) placeholders: BTreeMap<Outlet, NodeId>,
}

impl LayersApart {
    /// # Errors
    /// None for layers of the graph.
    pub(crate) fn new<'l>(
        graph: &Graph,
        layers: impl IntoIterator<Item = &'l QuantizableLayer>,
    ) -> Result<Self, GraphError> {
        let mut patch = Patch::new();
        let mut inputs: Vec<Outlet> = layers.into_iter().map(|layer| layer.input).collect();
        inputs.sort_unstable();
        inputs.dedup();
        for &input in &inputs {
            let dtype = AttrValue::Type(type_code(DType::F32));
            let placeholder =
                patch.add(NewNode::new("layer_input", op::PLACEHOLDER, []).attr("dtype", dtype));
            // What takes the shape of the value reads it here as well.
            patch.replace_uses(input, placeholder);
        }
        let mut graph = graph.clone();
        let placeholders = graph.apply(&patch)?;
        Ok(Self { graph, placeholders: inputs.into_iter().zip(placeholders).collect() })
    }

    /// The name of the placeholder that a layer reads.
    pub(crate) fn feed(&self, layer: &QuantizableLayer) -> Option<&str> {
        let placeholder = self.placeholders.get(&layer.input)?;
        Some(self.graph.node(*placeholder).name.as_str())
    }
}

/// The node whose output is a layer's: of a part of a group convolution, which is dequantized as a whole, the
/// concatenation.
pub(crate) fn end(layer: &QuantizableLayer) -> NodeId {
    layer.group.as_ref().map_or(layer.end(), |group| group.concat)
}
