//! Where every node of the quantized graph comes from, for `_quant.json`.

use std::collections::BTreeMap;

use amct_graph::{Graph, NodeId};
use amct_tensor::internal;

use super::LayerQuantization;
use super::places::Places;
use crate::RewriteError;
use crate::fold::{FoldedGroup, Through};
use crate::layers::ConvGroup;

/// A node of the quantized graph and the nodes of the original graph it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeOrigin {
    /// Name in the quantized graph.
    pub name: String,
    /// Its op.
    pub op: String,
    /// Names in the original graph. A node nobody touched has its own name; the nodes of a
    /// quantized or folded layer and all that was inserted for it have the whole group:
    /// layer, `BiasAdd`, batch norm, as far as there were such.
    pub original: Vec<String>,
    /// The original node whose output 0 equals this node's output: set for the node that ends a
    /// quantized layer (`AscendDequant`) or a folded one that is not quantized (`BiasAdd`).
    pub output_of: Option<String>,
}

/// Why a node was added.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner {
    /// For the layer of that index.
    Inserted(usize),
    /// As the end of the layer of that index.
    Dequant(usize),
    /// For a node that is not a layer.
    Tensor(NodeId),
    /// In place of an original node of its name.
    Itself,
}

impl Owner {
    /// The node that it was added for.
    pub(super) fn node(self, layers: &[LayerQuantization]) -> Option<NodeId> {
        match self {
            Owner::Inserted(index) | Owner::Dequant(index) => {
                layers.get(index).map(|quantization| quantization.layer.node)
            }
            Owner::Tensor(id) => Some(id),
            Owner::Itself => None,
        }
    }
}

/// Origins of all nodes of the `quantized` graph in topological order. `before` is the graph as it
/// was, where the nodes still have the names that layers and groups know them by.
pub(super) fn of_nodes(
    before: &Graph,
    quantized: &Graph,
    (layers, places): (&[LayerQuantization], &Places),
    folded: &[FoldedGroup],
    added: &[NodeId],
    owners: &[Owner],
) -> Result<Vec<NodeOrigin>, RewriteError> {
    let mut known: BTreeMap<NodeId, (Vec<String>, Option<String>)> = BTreeMap::new();
    for group in folded {
        let last = group.last().map(str::to_owned);
        let mut ends = vec![(group.layer.as_str(), group.original.clone(), None)];
        ends.push((group.end(), group.original.clone(), last));
        if let Some(Through { node, folded }) = &group.through {
            let own = [node].into_iter().chain(folded).cloned().collect();
            ends.push((node, own, folded.last().cloned()));
        }
        for (name, original, output_of) in ends {
            if let Some(id) = before.find(name) {
                known.insert(id, (original, output_of));
            }
        }
    }
    let groups: Vec<Vec<String>> = layers
        .iter()
        .map(|quantization| match places.group(quantization) {
            Some(group) => parts_of(before, group, layers, folded),
            None => group_of(before, quantization, folded),
        })
        .collect();
    for (quantization, group) in layers.iter().zip(&groups) {
        let concat = places.group(quantization).map(|group| group.concat);
        for id in [quantization.layer.node, quantization.layer.end()].into_iter().chain(concat) {
            known.insert(id, (group.clone(), None));
        }
    }
    for (&id, &owner) in added.iter().zip(owners) {
        let group = |index: usize| {
            let group = groups.get(index).cloned();
            group.ok_or_else(|| internal!("a node was added for layer {index} of {}", groups.len()))
        };
        match owner {
            Owner::Inserted(index) => known.insert(id, (group(index)?, None)),
            Owner::Dequant(index) => {
                let original = group(index)?;
                let last = last_of(layers.get(index), places, folded).unwrap_or(original.last().cloned());
                known.insert(id, (original, last))
            }
            Owner::Tensor(reader) => known.insert(id, (vec![before.node(reader).name.clone()], None)),
            Owner::Itself => None,
        };
    }
    let order = quantized.topological_order()?;
    Ok(order
        .into_iter()
        .map(|id| {
            let node = quantized.node(id);
            let own = || (vec![node.name.clone()], None);
            let (original, output_of) = known.remove(&id).unwrap_or_else(own);
            NodeOrigin { name: node.name.clone(), op: node.op.clone(), original, output_of }
        })
        .collect())
}

/// The original nodes of a layer in order.
fn group_of(before: &Graph, quantization: &LayerQuantization, folded: &[FoldedGroup]) -> Vec<String> {
    let layer = &quantization.layer;
    if let Some(group) = folded.iter().find(|group| group.layer == layer.name) {
        return group.original.clone();
    }
    let bias = layer.bias.as_ref().and_then(|bias| before.get(bias.node)).map(|node| node.name.clone());
    std::iter::once(layer.name.clone()).chain(bias).collect()
}

/// What a layer's dequantized output is in the original graph, if that is not simply the last of
/// its nodes: nothing, if what was folded stood behind another node that comes after.
fn last_of(
    quantization: Option<&LayerQuantization>,
    places: &Places,
    folded: &[FoldedGroup],
) -> Option<Option<String>> {
    let quantization = quantization?;
    let group = folded.iter().find(|group| group.layer == quantization.layer.name)?;
    (places.group(quantization).is_none() && group.through.is_some()).then_some(None)
}

/// The original nodes of a group convolution: those of its parts, the concatenation, and what was
/// folded from behind it.
fn parts_of(
    before: &Graph,
    group: &ConvGroup,
    layers: &[LayerQuantization],
    folded: &[FoldedGroup],
) -> Vec<String> {
    let parts = group.members.iter().filter_map(|id| layers.iter().find(|part| part.layer.node == *id));
    let mut names: Vec<String> = parts.flat_map(|part| group_of(before, part, folded)).collect();
    let concat = before.get(group.concat).map(|node| node.name.clone());
    let behind = folded
        .iter()
        .find_map(|group| group.through.as_ref().filter(|through| Some(&through.node) == concat.as_ref()));
    names.extend(concat);
    names.extend(behind.into_iter().flat_map(|through| through.folded.iter().cloned()));
    names
}
