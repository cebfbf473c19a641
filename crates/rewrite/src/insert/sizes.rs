//! The output size of a transposed convolution.
//!
//! ATC's merge pass takes the constant of a quantized one out of the graph with every edge to it. The
//! next layer that reads the same constant then has none, and ATC crashes. So each has its own.

use amct_graph::{Consumers, Graph, LayerKind, NewNode, Node, NodeId, op};
use amct_tensor::internal;

use super::builder::Builder;
use super::origin::Owner;
use crate::RewriteError;

/// Whether the size is a constant, and something else reads it, or an identity on the way to it.
pub(crate) fn is_shared(graph: &Graph, consumers: &Consumers, layer: NodeId) -> bool {
    let Some(&sizes) = graph.get(layer).and_then(|node| node.inputs.first()) else { return false };
    let mut readers = 1;
    let source = graph.upstream(sizes, |outlet, node| {
        readers = readers.max(consumers.all(outlet.node).count());
        node.is_pass_through().then_some(0)
    });
    graph.node(source.node).op == op::CONST && readers > 1
}

/// Where the size of a transposed convolution is computed, if it is no constant; `None` for other kinds.
pub(crate) fn computed(graph: &Graph, kind: LayerKind, layer: NodeId) -> Option<&Node> {
    let sizes = *graph.node(layer).inputs.first().filter(|_| kind == LayerKind::ConvTranspose2d)?;
    Some(graph.node(graph.source(sizes).node)).filter(|source| source.op != op::CONST)
}

impl Builder<'_> {
    /// Gives a quantized transposed convolution a size that nobody else reads.
    pub(super) fn add_sizes(&mut self, index: usize) -> Result<(), RewriteError> {
        let quantization = self.layer(index)?;
        let layer = &quantization.layer;
        if layer.kind != LayerKind::ConvTranspose2d || !is_shared(self.graph, &self.consumers, layer.node) {
            return Ok(());
        }
        let sizes = self.graph.node(layer.node).inputs.first().copied();
        let constant = sizes.and_then(|sizes| self.graph.constant_node(sizes));
        let constant =
            constant.ok_or_else(|| internal!("the size of '{}' is shared, and no constant", layer.name))?;
        let constant = self.graph.node(constant);
        let scope = self.names.scope(&layer.name, "input_sizes");
        let mut own = NewNode::new(format!("{scope}/sizes"), constant.op.clone(), []);
        own.attrs = ["dtype", "value"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), constant.attrs.get(name)?.clone())))
            .collect();
        let own = self.add(own, Owner::Inserted(index));
        self.replace_input(layer.node, 0, own);
        Ok(())
    }
}
