//! What the nodes of quantized layers, and what was added for them, stand for.

use amct_graph::{Graph, NodeId};
use amct_tensor::internal;

use super::LayerQuantization;
use super::places::Places;
use crate::RewriteError;
use crate::layers::ConvGroup;
use crate::provenance::{Standing, Told};

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

/// What the nodes of the `quantized` graph stand for that are of layers or were added. `before` is the graph as
/// it was.
pub(super) fn told(
    before: &Graph,
    quantized: &Graph,
    (layers, places): (&[LayerQuantization], &Places),
    added: &[NodeId],
    owners: &[Owner],
) -> Result<Told, RewriteError> {
    let mut told = Told::new();
    let groups: Vec<Vec<String>> = layers
        .iter()
        .map(|quantization| match places.group(quantization) {
            Some(group) => parts_of(before, group, layers),
            None => nodes_of(before, quantization),
        })
        .collect();
    let name = |id: NodeId| quantized.get(id).map(|node| node.name.clone());
    for (quantization, group) in layers.iter().zip(&groups) {
        let concat = places.group(quantization).map(|group| group.concat);
        for id in [quantization.layer.node, quantization.layer.end()].into_iter().chain(concat) {
            let standing = Standing::For { nodes: group.clone(), output_of: None };
            told.extend(name(id).map(|name| (name, standing)));
        }
    }
    for (&id, &owner) in added.iter().zip(owners) {
        let group = |index: usize| {
            let group = groups.get(index).cloned();
            group.ok_or_else(|| internal!("a node was added for layer {index} of {}", groups.len()))
        };
        let standing = match owner {
            Owner::Inserted(index) => Standing::For { nodes: group(index)?, output_of: None },
            Owner::Dequant(index) => {
                let nodes = group(index)?;
                Standing::For { output_of: nodes.last().cloned(), nodes }
            }
            Owner::Tensor(reader) => {
                Standing::For { nodes: vec![before.node(reader).name.clone()], output_of: None }
            }
            Owner::Itself => Standing::Itself,
        };
        told.extend(name(id).map(|name| (name, standing)));
    }
    Ok(told)
}

/// A layer and its bias.
fn nodes_of(before: &Graph, quantization: &LayerQuantization) -> Vec<String> {
    let layer = &quantization.layer;
    let bias = layer.bias.as_ref().and_then(|bias| before.get(bias.node)).map(|node| node.name.clone());
    std::iter::once(layer.name.clone()).chain(bias).collect()
}

/// The nodes of a group convolution: those of its parts, and the concatenation.
fn parts_of(before: &Graph, group: &ConvGroup, layers: &[LayerQuantization]) -> Vec<String> {
    let parts = group.members.iter().filter_map(|id| layers.iter().find(|part| part.layer.node == *id));
    let names = parts.flat_map(|part| nodes_of(before, part));
    names.chain(before.get(group.concat).map(|node| node.name.clone())).collect()
}
