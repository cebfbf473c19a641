//! Where the product of a layer goes.

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::{Graph, LayerKind, NodeId, Outlet};

use crate::RewriteError;
use crate::layers::{ConvGroup, QuantizableLayer};

/// The place of a product.
pub(super) enum Place {
    /// In front of an input of a node.
    Alone { reader: NodeId, input: usize, source: Outlet },
    /// In front of a `Split`, whose output of that number the layer reads.
    Group { split: NodeId, slot: usize },
}

impl Place {
    /// # Errors
    /// [`RewriteError::Stale`] if the graph is not the layer's.
    pub(super) fn of(graph: &Graph, layer: &QuantizableLayer) -> Result<Self, RewriteError> {
        let stale = |problem| RewriteError::Stale { layer: layer.name.clone(), problem };
        let node = graph.get(layer.node).filter(|node| node.name == layer.name);
        let node = node.ok_or_else(|| stale("its node is not there"))?;
        let input = layer.kind.data_input();
        let own = *node.inputs.get(input).ok_or_else(|| stale("it reads another input"))?;
        if let Some(group) = layer.group.as_ref().filter(|group| parts_are_apart(graph, group)) {
            return Ok(Place::Group { split: group.split, slot: own.slot });
        }
        match layer.pad.filter(|&pad| graph.consumers().all(pad).count() == 1) {
            Some(reader) => Ok(Place::Alone { reader, input: 0, source: layer.input }),
            None => Ok(Place::Alone { reader: layer.node, input, source: own }),
        }
    }
}

/// Whether each part of a group reads an output of the `Split` of its own, and none is left over.
fn parts_are_apart(graph: &Graph, group: &ConvGroup) -> bool {
    let slot = |id: &NodeId| graph.get(*id)?.inputs.first().map(|outlet| outlet.slot);
    let slots: BTreeSet<Option<usize>> = group.members.iter().map(slot).collect();
    let outputs = graph.get(group.split).and_then(|split| split.attributes().int_or("num_split", 1).ok());
    slots.len() == group.members.len() && outputs == i64::try_from(slots.len()).ok()
}

/// The factors of all channels of a group convolution: 1.0 for those of parts without factors.
///
/// # Errors
/// [`RewriteError::Count`] if the parts do not have equally many.
pub(super) fn of_whole_group(
    layer: &QuantizableLayer,
    parts: usize,
    factors: &BTreeMap<usize, &[f32]>,
) -> Result<Vec<f32>, RewriteError> {
    let each = factors.values().next().map_or(0, |factors| factors.len());
    if let Some(other) = factors.values().find(|factors| factors.len() != each) {
        return Err(RewriteError::Count {
            layer: layer.name.clone(),
            what: "tensor_balance_factor",
            expected: each.to_string(),
            found: other.len(),
        });
    }
    let mut whole = Vec::new();
    for slot in 0..parts {
        match factors.get(&slot) {
            Some(factors) => whole.extend_from_slice(factors),
            None => whole.resize(whole.len() + each, 1.0),
        }
    }
    Ok(whole)
}

/// The shape in which factors meet a layer's data, with the full rank where it is known.
pub(super) fn factor_shape(graph: &Graph, layer: &QuantizableLayer, count: usize) -> Vec<usize> {
    let rank = match layer.kind {
        LayerKind::MatMul | LayerKind::BatchMatMul => return vec![count],
        LayerKind::Conv3d => 5,
        _ => 4,
    };
    let mut shape = vec![1; rank];
    if let Some(channels) = shape.get_mut(layer.channel_axis(graph, rank)) {
        *channels = count;
    }
    shape
}

/// Lets the layers know of a product that `reader` reads now instead of `source`. `graph` has it.
pub(super) fn move_layers(
    graph: &Graph,
    layers: &mut [QuantizableLayer],
    reader: NodeId,
    product: Outlet,
    source: Outlet,
) {
    for layer in layers {
        let before = layer.pad.or_else(|| layer.group.as_ref().map(|group| group.split));
        if before == Some(reader) {
            layer.input = product;
        } else if layer.node == reader || before == Some(source.node) {
            // Not only layers read the pad or the split any longer.
            let own = graph.node(layer.node).inputs.get(layer.kind.data_input()).copied();
            layer.input = own.unwrap_or(layer.input);
            layer.pad = None;
            layer.group = None;
        }
    }
}
