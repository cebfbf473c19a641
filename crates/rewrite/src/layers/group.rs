//! Group convolution: `Split -> n x Conv2D [-> BiasAdd] -> ConcatV2` along the channels.
//!
//! ATC takes it with one `AscendQuant` before the `Split` and one `AscendDequant` behind the
//! concatenation. Each convolution stays a layer of its own in configuration and record, with its
//! own weight scales; all read one activation, so their scale_d and offset_d are equal.

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::op::{SPLIT, SPLIT_DATA, is_concat};
use amct_graph::quantized::joined_parts;
use amct_graph::views::WindowAttrs;
use amct_graph::{Consumers, Graph, LayerKind, NodeId, Outlet};

use super::QuantizableLayer;
use crate::outputs::Outputs;

/// Where a group convolution begins and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvGroup {
    /// The `Split`.
    pub split: NodeId,
    /// The `ConcatV2` or `Concat`.
    pub concat: NodeId,
    /// The convolutions in the order of the concatenation.
    pub members: Vec<NodeId>,
}

/// Marks the layers that are parts of a group convolution.
pub(super) fn find(graph: &Graph, consumers: &Consumers, outputs: &Outputs, layers: &mut [QuantizableLayer]) {
    let by_end: BTreeMap<NodeId, usize> =
        layers.iter().enumerate().map(|(index, layer)| (layer.end(), index)).collect();
    let search = Search { graph, consumers, outputs, by_end };
    let joins = graph.nodes().filter(|(_, node)| is_concat(&node.op));
    for (concat, _) in joins {
        let Some((group, input)) = search.at(layers, concat) else { continue };
        for layer in layers.iter_mut().filter(|layer| group.members.contains(&layer.node)) {
            layer.input = input;
            layer.group = Some(group.clone());
        }
    }
}

struct Search<'a> {
    graph: &'a Graph,
    consumers: &'a Consumers,
    outputs: &'a Outputs,
    /// Index of the layer that a node ends.
    by_end: BTreeMap<NodeId, usize>,
}

impl Search<'_> {
    /// The group that a concatenation ends, and what its `Split` reads.
    fn at(&self, layers: &[QuantizableLayer], concat: NodeId) -> Option<(ConvGroup, Outlet)> {
        let (parts, axis) = joined_parts(self.graph.node(concat))?;
        let members: Vec<&QuantizableLayer> =
            parts.iter().map(|part| layers.get(*self.by_end.get(&part.node)?)).collect::<Option<_>>()?;
        let first = members.first()?;
        let split = self.graph.node(first.node).inputs.first()?.node;
        let node = self.graph.node(split);
        let input = *node.inputs.get(SPLIT_DATA).filter(|_| node.op == SPLIT)?;
        let channel_axis = WindowAttrs::of(self.graph.node(first.node)).ok()?.format.channel_axis(4);
        let along_channels = [*node.inputs.first()?, axis].into_iter().all(|axis| {
            let value = self.graph.constant(axis).ok().flatten().and_then(|axis| axis.to_i64_vec().ok());
            matches!(value.as_deref(), Some(&[axis]) if axis.rem_euclid(4) as usize == channel_axis)
        });
        let is_whole = along_channels
            && members.len() == self.consumers.all(split).count()
            && !self.outputs.has_node(split)
            && members.iter().all(|layer| self.is_member(layer, split));
        let nodes: BTreeSet<NodeId> = members.iter().map(|layer| layer.node).collect();
        let group = ConvGroup { split, concat, members: members.iter().map(|layer| layer.node).collect() };
        (is_whole && nodes.len() == group.members.len()).then_some((group, input))
    }

    /// Whether a layer reads the `Split`, and nobody but the concatenation its end.
    fn is_member(&self, layer: &QuantizableLayer, split: NodeId) -> bool {
        layer.kind == LayerKind::Conv2d
            && layer.input.node == split
            && self.consumers.all(layer.end()).count() == 1
            && !self.outputs.has_node(layer.end())
    }
}
