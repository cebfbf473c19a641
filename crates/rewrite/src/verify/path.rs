//! The way through one quantized layer, as far as it is there.

use amct_graph::{Consumers, Graph, Node, NodeId, Use};

use crate::LayerKind;
use crate::layers::group::{SPLIT_DATA, parts};

/// Which inputs of a layer hold data and weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LayerInputs {
    pub(crate) data: usize,
    pub(crate) weights: Option<usize>,
}

/// The inputs of the ops that ATC runs in int8, by TensorFlow's names.
pub(crate) fn layer_inputs(op: &str) -> Option<LayerInputs> {
    let kind = LayerKind::of_op(op)?;
    Some(LayerInputs { data: kind.data_input(), weights: kind.weight_input() })
}

/// A layer with at least one of the ops that belong to a quantized one.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) layer: NodeId,
    pub(crate) inputs: LayerInputs,
    /// The `AscendQuant` its data comes from, and the nodes on the way, from the layer backwards.
    pub(crate) quant: Option<NodeId>,
    pub(crate) between: Vec<NodeId>,
    /// The `AscendWeightQuant` that it reads directly.
    pub(crate) weight_quant: Option<NodeId>,
    /// A `BiasAdd` on its output, or what else its kind has as a bias.
    pub(crate) bias: Option<NodeId>,
    /// An `AscendDequant` on its end, in a group convolution behind the concatenation.
    pub(crate) dequant: Option<NodeId>,
}

impl Path {
    /// The last node whose values are integers.
    pub(crate) fn end(&self) -> NodeId {
        self.bias.unwrap_or(self.layer)
    }

    /// The place of the layer's first channel among those of its `AscendDequant`: 0, or in a group
    /// convolution behind the channels of the parts before it.
    pub(crate) fn first_channel(&self, graph: &Graph) -> Option<usize> {
        let joined = graph.node(graph.node(self.dequant?).inputs.first()?.node);
        if !matches!(joined.op.as_str(), "ConcatV2" | "Concat") {
            return Some(0);
        }
        let before = parts(joined)?.0.iter().take_while(|part| part.node != self.end());
        before.map(|part| part_channels(graph, part.node)).sum()
    }
}

pub(crate) fn all(graph: &Graph, consumers: &Consumers) -> Vec<Path> {
    graph.nodes().filter_map(|(id, node)| path(graph, consumers, id, node)).collect()
}

fn path(graph: &Graph, consumers: &Consumers, layer: NodeId, node: &Node) -> Option<Path> {
    let inputs = layer_inputs(&node.op)?;
    let (quant, between) = quant_before(graph, node, inputs.data);
    let weights = inputs.weights.and_then(|input| node.inputs.get(input)).map(|outlet| outlet.node);
    let weight_quant = weights.filter(|&id| graph.node(id).op == "AscendWeightQuant");
    let reader = |from: NodeId, op: &str| {
        consumers
            .all(from)
            .find(|use_| use_.input == 0 && graph.node(use_.node).op == op)
            .map(|use_| use_.node)
    };
    let bias = reader(layer, "BiasAdd").or_else(|| {
        let ops = LayerKind::of_op(&node.op)?.bias_ops();
        ops.iter().filter(|_| weight_quant.is_some()).find_map(|op| reader(layer, op))
    });
    let end = bias.unwrap_or(layer);
    let dequant = reader(end, "AscendDequant").or_else(|| {
        let joined = consumers.all(end).find(|use_| is_concat(graph, use_))?;
        reader(joined.node, "AscendDequant")
    });
    // Weights that reach AscendWeightQuant by a detour count too, so that rule 9 sees them.
    let has_quantized_weights = weights.is_some_and(|id| {
        let direct = graph.node(id);
        let behind = direct.inputs.first().map(|outlet| graph.node(outlet.node).op.as_str());
        weight_quant.is_some() || (direct.is_pass_through() && behind == Some("AscendWeightQuant"))
    });
    let is_quantized = quant.is_some() || dequant.is_some() || has_quantized_weights;
    is_quantized.then_some(Path { layer, inputs, quant, between, weight_quant, bias, dequant })
}

pub(crate) fn is_concat(graph: &Graph, use_: &Use) -> bool {
    matches!(graph.node(use_.node).op.as_str(), "ConcatV2" | "Concat")
}

/// The input that holds the data of an op other than a layer.
pub(crate) fn data_input(op: &str) -> usize {
    if op == "Split" { SPLIT_DATA } else { 0 }
}

/// The `AscendQuant` that an input comes from without passing a node that starts a new value.
fn quant_before(graph: &Graph, node: &Node, input: usize) -> (Option<NodeId>, Vec<NodeId>) {
    let mut between = Vec::new();
    let mut next = node.inputs.get(input).map(|outlet| outlet.node);
    // No chain without a cycle is longer than the graph.
    for _ in 0..graph.capacity() {
        let Some(id) = next else { break };
        let node = graph.node(id);
        if node.op == "AscendQuant" {
            return (Some(id), between);
        }
        if layer_inputs(&node.op).is_some() || matches!(node.op.as_str(), "AscendDequant" | "AscendAntiQuant")
        {
            break;
        }
        between.push(id);
        next = node.inputs.get(data_input(&node.op)).map(|outlet| outlet.node);
    }
    (None, Vec::new())
}

/// The output channels of a `Conv2D`, or of the one before a `BiasAdd`, by its weights.
fn part_channels(graph: &Graph, end: NodeId) -> Option<usize> {
    let node = graph.node(end);
    let layer = if node.op == "BiasAdd" { graph.node(node.inputs.first()?.node) } else { node };
    let weights = graph.node(layer.inputs.get(1)?.node);
    let shape = graph.constant(*weights.inputs.first()?).ok()??.shape().to_vec();
    shape.last().copied()
}
