//! The output size of a transposed convolution.
//!
//! ATC's merge pass takes the constant of a quantized one out of the graph with every edge to it. The
//! next layer that reads the same constant then has none, and ATC crashes. So each has its own.

use amct_graph::{Consumers, Graph, NewNode, NodeId, Outlet};

use super::builder::Builder;
use super::origin::Owner;
use crate::LayerKind;

/// Whether the size is a constant, and something else reads it, or an identity on the way to it.
pub(crate) fn is_shared(graph: &Graph, consumers: &Consumers, layer: NodeId) -> bool {
    let Some(mut outlet) = graph.get(layer).and_then(|node| node.inputs.first()).copied() else {
        return false;
    };
    let Some(constant) = graph.constant_node(outlet) else { return false };
    // No chain without a cycle is longer than the graph, and this one ends at a constant.
    for _ in 0..graph.capacity() {
        if consumers.all(outlet.node).count() > 1 {
            return true;
        }
        if outlet.node == constant {
            return false;
        }
        outlet = graph.node(outlet.node).inputs.first().copied().unwrap_or(Outlet::from(constant));
    }
    false
}

impl Builder<'_> {
    /// Gives a quantized transposed convolution a size that nobody else reads.
    pub(super) fn add_sizes(&mut self, index: usize) {
        let Some(quantization) = self.layers.get(index) else { return };
        let layer = &quantization.layer;
        if layer.kind != LayerKind::ConvTranspose2d || !is_shared(self.graph, &self.consumers, layer.node) {
            return;
        }
        let sizes = self.graph.node(layer.node).inputs.first().copied();
        let Some(constant) = sizes.and_then(|sizes| self.graph.constant_node(sizes)) else { return };
        let constant = self.graph.node(constant);
        let scope = self.names.scope(&layer.name, "input_sizes");
        let mut own = NewNode::new(format!("{scope}/sizes"), constant.op.clone(), []);
        own.attrs = ["dtype", "value"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), constant.attrs.get(name)?.clone())))
            .collect();
        let own = self.add(own, Owner::Inserted(index));
        self.replace_input(layer.node, 0, own);
    }
}
