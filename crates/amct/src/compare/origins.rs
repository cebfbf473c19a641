//! Which value of the float model each value of the quantized model stands for.

use std::collections::{BTreeMap, BTreeSet};

use amct_artifacts::quant_info::{OpInfo, QuantInfo};
use amct_graph::op::is_concat;
use amct_graph::{Graph, Node, NodeId, Outlet, QuantizedLayer, op};
use amct_rewrite::FoldedGroup;

/// The counterpart of output 0 of nodes of the quantized graph.
pub(super) type Origins = BTreeMap<NodeId, Outlet>;

/// As `_quant.json` says of what is not `inner`: the origin of an output, or a node that stands for one alone.
pub(super) fn of_info(
    info: &QuantInfo,
    float: &Graph,
    quantized: &Graph,
    inner: &BTreeSet<NodeId>,
) -> Origins {
    let by_name: BTreeMap<&str, &OpInfo> = info.ops.iter().map(|op| (op.name.as_str(), op)).collect();
    let origin = |(id, node): (NodeId, &Node)| {
        let op = by_name.get(node.name.as_str())?;
        let (name, index) = op.origin()?;
        let origin = match op.output {
            Some(_) => float.find(name).map(|node| Outlet::new(node, index)),
            None => same(float, quantized, id, name),
        };
        Some((id, origin?))
    };
    quantized.nodes().filter(|(id, _)| !inner.contains(id)).filter_map(origin).collect()
}

/// By names, and for layers by what folding makes of the float model: where nothing is written.
pub(super) fn by_name(
    float: &Graph,
    quantized: &Graph,
    layers: &[QuantizedLayer],
    inner: &BTreeSet<NodeId>,
    groups: &[FoldedGroup],
) -> Origins {
    let mut origins: Origins = quantized
        .nodes()
        .filter(|(id, _)| !inner.contains(id))
        .filter_map(|(id, node)| Some((id, same(float, quantized, id, &node.name)?)))
        .collect();
    let mut set = |id: Option<NodeId>, name: Option<&str>| {
        let Some(id) = id else { return };
        match name.and_then(|name| float.find(name)) {
            Some(origin) => drop(origins.insert(id, origin.into())),
            None => drop(origins.remove(&id)),
        }
    };
    for group in groups {
        set(outside(quantized, inner, group.end()), group.last());
        if let Some(through) = &group.through {
            let now = outside(quantized, inner, &through.node);
            set(now, through.folded.last().map(String::as_str));
        }
    }
    for layer in layers {
        set(Some(layer.dequant), end_of_layer(float, quantized, layer, groups).as_deref());
    }
    origins
}

/// A node that is outside quantized layers.
fn outside(graph: &Graph, inner: &BTreeSet<NodeId>, name: &str) -> Option<NodeId> {
    graph.find(name).filter(|id| !inner.contains(id))
}

/// The node of the float model whose output a quantized layer gives.
fn end_of_layer(
    float: &Graph,
    quantized: &Graph,
    layer: &QuantizedLayer,
    groups: &[FoldedGroup],
) -> Option<String> {
    let before = quantized.node(layer.dequant).inputs.first().map(|outlet| quantized.node(outlet.node));
    if let Some(joined) = before.filter(|node| is_concat(&node.op)) {
        // A group convolution, and what was folded from behind it.
        let through = groups.iter().filter_map(|group| group.through.as_ref());
        let behind = through.filter(|through| through.node == joined.name).find_map(|t| t.folded.last());
        return Some(behind.unwrap_or(&joined.name).clone());
    }
    if let Some(group) = groups.iter().find(|group| group.layer == layer.name) {
        return group.last().map(str::to_owned);
    }
    let id = float.find(&layer.name)?;
    let only = float.consumers().only(id).map(|reader| float.node(reader.node));
    match only.filter(|reader| reader.op == op::BIAS_ADD) {
        Some(bias) => Some(bias.name.clone()),
        None => Some(layer.name.clone()),
    }
}

/// A node of the float model that a node of the quantized one is, perhaps as a `Relu` for a `Relu6`.
fn same(float: &Graph, quantized: &Graph, id: NodeId, name: &str) -> Option<Outlet> {
    let (now, origin) = (quantized.node(id), float.find(name)?);
    let was = float.node(origin);
    let is_same = now.op == was.op || (now.op == op::RELU && was.op == op::RELU6);
    // What lost its name to an identity of its dequantized value.
    let is_handed_on = now.name == name && now.is_pass_through();
    (is_same || is_handed_on).then_some(origin.into())
}
