//! The quantized layers of a graph: the way from `AscendQuant` through a layer to `AscendDequant`, as far
//! as it is there. Everybody who asks what belongs to a quantized layer asks here.

use amct_tensor::quantization::DeqScale;
use amct_tensor::{DType, Tensor};

use crate::layer::LayerKind;
use crate::op::{self, data_input, is_concat};
use crate::{Consumers, Graph, Node, NodeId, Outlet};

/// A layer with at least one of the ops that belong to a quantized one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerPath {
    /// The layer.
    pub layer: NodeId,
    /// Its kind.
    pub kind: LayerKind,
    /// The `AscendQuant` its data comes from.
    pub quant: Option<NodeId>,
    /// The nodes between the two, from the layer backwards.
    pub between: Vec<NodeId>,
    /// The `AscendWeightQuant` that it reads directly.
    pub weight_quant: Option<NodeId>,
    /// A `BiasAdd` on its output, or what else its kind has as a bias.
    pub bias: Option<NodeId>,
    /// An `AscendDequant` on its end, in a group convolution behind the concatenation.
    pub dequant: Option<NodeId>,
}

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

/// The layers of a graph that are quantized, whole or in part, in graph order.
pub fn layer_paths(graph: &Graph, consumers: &Consumers) -> Vec<LayerPath> {
    graph.nodes().filter_map(|(id, node)| LayerPath::at(graph, consumers, id, node)).collect()
}

/// The layers of a graph that are quantized whole, in graph order. What has only a part of what
/// belongs to one is not among them.
pub fn quantized_layers(graph: &Graph) -> Vec<QuantizedLayer> {
    layer_paths(graph, &graph.consumers()).iter().filter_map(|path| path.whole(graph)).collect()
}

impl LayerPath {
    fn at(graph: &Graph, consumers: &Consumers, layer: NodeId, node: &Node) -> Option<Self> {
        let kind = LayerKind::of_op(&node.op)?;
        let (quant, between) = quant_before(graph, node, kind.data_input());
        let weights = kind.weight_input().and_then(|input| node.inputs.get(input)).map(|outlet| outlet.node);
        let weight_quant = weights.filter(|&id| graph.node(id).op == op::WEIGHT_QUANT);
        let reader = |from: NodeId, op: &str| {
            consumers
                .all(from)
                .find(|use_| use_.input == 0 && graph.node(use_.node).op == op)
                .map(|use_| use_.node)
        };
        let bias = reader(layer, op::BIAS_ADD).or_else(|| {
            let ops = kind.bias_ops().iter().filter(|_| weight_quant.is_some());
            ops.into_iter().find_map(|op| reader(layer, op))
        });
        let end = bias.unwrap_or(layer);
        let dequant = reader(end, op::DEQUANT).or_else(|| {
            let joined = consumers.all(end).find(|use_| is_concat(&graph.node(use_.node).op))?;
            reader(joined.node, op::DEQUANT)
        });
        // Weights that reach AscendWeightQuant by a detour count too, so that the detour is seen.
        let has_quantized_weights = weights.is_some_and(|id| {
            let direct = graph.node(id);
            let behind = direct.inputs.first().map(|outlet| graph.node(outlet.node).op.as_str());
            weight_quant.is_some() || (direct.is_pass_through() && behind == Some(op::WEIGHT_QUANT))
        });
        let is_quantized = quant.is_some() || dequant.is_some() || has_quantized_weights;
        is_quantized.then_some(Self { layer, kind, quant, between, weight_quant, bias, dequant })
    }

    /// The layer, if all that belongs to a quantized one is there.
    pub fn whole(&self, graph: &Graph) -> Option<QuantizedLayer> {
        let node = graph.node(self.layer);
        Some(QuantizedLayer {
            node: self.layer,
            name: node.name.clone(),
            op: node.op.clone(),
            quant: self.quant?,
            dequant: self.dequant?,
        })
    }

    /// The last node whose values are integers.
    pub fn end(&self) -> NodeId {
        self.bias.unwrap_or(self.layer)
    }

    /// What the `AscendQuant` reads.
    pub fn quantized_value(&self, graph: &Graph) -> Option<Outlet> {
        graph.node(self.quant?).inputs.first().copied()
    }

    /// The int8 weights, if they are a constant.
    pub fn weights(&self, graph: &Graph) -> Option<Tensor> {
        let weights = *graph.node(self.weight_quant?).inputs.first()?;
        graph.constant(weights).ok()?.filter(|weights| weights.dtype() == DType::I8)
    }

    /// The shape of the weights, if they are a constant.
    pub fn weight_shape(&self, graph: &Graph) -> Option<Vec<usize>> {
        let weights = *graph.node(self.weight_quant?).inputs.first()?;
        graph.node(graph.constant_node(weights)?).attributes().tensor("value").ok()?.dims().ok()
    }

    /// The integers that the bias adds, a float constant cut off as ATC does; `None` without a bias, or if
    /// it is no constant.
    pub fn bias_values(&self, graph: &Graph) -> Option<Vec<i32>> {
        let mut outlet = *graph.node(self.bias?).inputs.get(1)?;
        let node = graph.node(outlet.node);
        if node.op == op::CAST {
            outlet = *node.inputs.first()?;
        }
        let values = graph.constant(outlet).ok()??;
        match values.dtype() {
            DType::I32 => values.into_vec().ok(),
            _ => Some(values.as_slice::<f32>().ok()?.iter().map(|&b| b as i32).collect()),
        }
    }

    /// The words of the `AscendDequant`, if they are a constant of uint64.
    pub fn words(&self, graph: &Graph) -> Option<Vec<DeqScale>> {
        deq_scale(graph, self.dequant?)
    }

    /// In how many parts a `Split` cuts what is quantized before the layer reads one; 1 without one.
    pub fn parts(&self, graph: &Graph) -> usize {
        let split = self.between.iter().map(|&id| graph.node(id)).find(|node| node.op == op::SPLIT);
        let parts = split.and_then(|node| node.attributes().int_or("num_split", 1).ok());
        parts.and_then(|parts| usize::try_from(parts).ok()).unwrap_or(1)
    }

    /// The place of the layer's first channel among those of its `AscendDequant`: 0, or in a group
    /// convolution behind the channels of the parts before it.
    pub fn first_channel(&self, graph: &Graph) -> Option<usize> {
        let joined = graph.node(graph.node(self.dequant?).inputs.first()?.node);
        if !is_concat(&joined.op) {
            return Some(0);
        }
        let before = joined_parts(joined)?.0.iter().take_while(|part| part.node != self.end());
        before.map(|part| part_channels(graph, part.node)).sum()
    }
}

/// The words of an `AscendDequant`, if they are a constant of uint64.
pub fn deq_scale(graph: &Graph, dequant: NodeId) -> Option<Vec<DeqScale>> {
    let words = *graph.node(dequant).inputs.get(1)?;
    let words = graph.constant(words).ok()?.filter(|words| words.dtype() == DType::U64)?;
    Some(words.as_slice::<u64>().ok()?.iter().map(|&word| DeqScale::from_bits(word)).collect())
}

/// What a concatenation joins, and its axis.
pub fn joined_parts(concat: &Node) -> Option<(&[Outlet], Outlet)> {
    if concat.op == op::CONCAT_V2 {
        concat.inputs.split_last().map(|(axis, parts)| (parts, *axis))
    } else {
        concat.inputs.split_first().map(|(axis, parts)| (parts, *axis))
    }
}

/// The `AscendQuant` that an input comes from without passing a node that starts a new value.
fn quant_before(graph: &Graph, node: &Node, input: usize) -> (Option<NodeId>, Vec<NodeId>) {
    let mut between = Vec::new();
    let Some(&data) = node.inputs.get(input) else { return (None, between) };
    let end = graph.upstream(data, |outlet, node| {
        let starts = matches!(node.op.as_str(), op::QUANT | op::DEQUANT | op::ANTI_QUANT)
            || LayerKind::of_op(&node.op).is_some();
        if starts {
            return None;
        }
        between.push(outlet.node);
        Some(data_input(&node.op))
    });
    if graph.node(end.node).op == op::QUANT { (Some(end.node), between) } else { (None, Vec::new()) }
}

/// The output channels of a `Conv2D`, or of the one before a `BiasAdd`, by its weights.
fn part_channels(graph: &Graph, end: NodeId) -> Option<usize> {
    let node = graph.node(end);
    let layer = if node.op == op::BIAS_ADD { graph.node(node.inputs.first()?.node) } else { node };
    let weights = graph.node(layer.inputs.get(1)?.node);
    let constant = graph.constant_node(*weights.inputs.first()?)?;
    graph.node(constant).attributes().tensor("value").ok()?.dims().ok()?.last().copied()
}
