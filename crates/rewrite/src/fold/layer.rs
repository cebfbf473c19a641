//! The layers in front of a step: one, through at most one node that keeps channels apart, or the
//! parts of a group convolution.

use amct_graph::op::{SPLIT_DATA, is_concat};
use amct_graph::quantized::joined_parts;
use amct_graph::views::WindowAttrs;
use amct_graph::{Graph, LayerKind, Node, NodeId, Outlet, op};
use amct_tensor::{DataFormat, Tensor};

use super::FoldSkip;
use super::check::{floats, wrong};
use crate::evaluate::source;

/// What lies before a step.
#[derive(Debug)]
pub(super) struct Chain {
    /// The layers in the order of their channels.
    pub(super) tails: Vec<Tail>,
    /// `BatchToSpaceND`, `Reshape` or the concatenation of a group between layers and step.
    pub(super) through: Option<NodeId>,
    /// All channels.
    pub(super) channels: usize,
    /// Where the value that the step reads has its channels: last, or at axis 1.
    pub(super) format: DataFormat,
    /// Its rank.
    rank: usize,
}

/// A layer with its `BiasAdd`, if there is one.
#[derive(Debug)]
pub(super) struct Tail {
    pub(super) layer: NodeId,
    pub(super) bias_add: Option<NodeId>,
    pub(super) kind: LayerKind,
    pub(super) format: DataFormat,
    pub(super) channels: usize,
    /// See [`LayerWeights::run`](crate::layers::LayerWeights::run).
    pub(super) run: usize,
}

/// Whether steps can be folded into a node.
pub(super) fn is_layer(node: &Node) -> bool {
    LayerKind::of_op(&node.op).is_some_and(|kind| kind.weight_input().is_some())
}

impl Chain {
    /// What lies before `data`.
    pub(super) fn before(graph: &Graph, data: Outlet) -> Result<Self, FoldSkip> {
        let node = graph.node(data.node);
        match node.op.as_str() {
            op::BATCH_TO_SPACE_ND => space(graph, data.node),
            op::RESHAPE => reshape(graph, data.node),
            op if is_concat(op) => group(graph, data.node),
            _ => {
                let tail = tail(graph, data)?;
                let rank = match tail.kind {
                    LayerKind::Conv3d => 5,
                    LayerKind::MatMul | LayerKind::BatchMatMul => 2,
                    _ => 4,
                };
                let (channels, format) = (tail.channels, tail.format);
                Ok(Self { tails: vec![tail], through: None, channels, format, rank })
            }
        }
    }

    /// One value per channel of a constant that is broadcast over the value.
    pub(super) fn per_channel(&self, tensor: &Tensor, what: &'static str) -> Result<Vec<f32>, FoldSkip> {
        per_channel(tensor, what, self.rank, self.format, self.channels)
    }
}

/// One value per channel of a constant that is broadcast over a value of this rank and layout.
pub(super) fn per_channel(
    tensor: &Tensor,
    what: &'static str,
    rank: usize,
    format: DataFormat,
    channels: usize,
) -> Result<Vec<f32>, FoldSkip> {
    let values = floats(tensor, what)?;
    // Broadcasting aligns the last axes.
    let missing = rank.checked_sub(tensor.rank());
    let axis = format.channel_axis(rank);
    let fits = missing.is_some_and(|missing| {
        let mut dims = tensor.shape().iter().enumerate();
        dims.all(|(i, &dim)| dim == 1 || (i + missing == axis && dim == channels))
    });
    match values {
        &[one] if fits => Ok(vec![one; channels]),
        _ if fits && values.len() == channels => Ok(values.to_vec()),
        _ => {
            let expected = format!("float32, one value or one for each of {channels} channels");
            Err(wrong(what, &expected, tensor))
        }
    }
}

fn not_after(node: &Node) -> FoldSkip {
    FoldSkip::NotAfterConvolution { found: node.to_string() }
}

/// The layer that gives a value, directly or through one `BiasAdd`.
fn tail(graph: &Graph, data: Outlet) -> Result<Tail, FoldSkip> {
    let node = graph.node(data.node);
    let input = || {
        node.inputs
            .first()
            .copied()
            .ok_or_else(|| FoldSkip::NotAfterConvolution { found: "nothing".to_owned() })
    };
    let (layer, bias_add) =
        if node.op == op::BIAS_ADD { (input()?.node, Some(data.node)) } else { (data.node, None) };
    let node = graph.node(layer);
    let Some(kind) = LayerKind::of_op(&node.op).filter(|_| is_layer(node)) else {
        return Err(not_after(node));
    };
    let format = match kind {
        LayerKind::MatMul | LayerKind::BatchMatMul => DataFormat::Nhwc,
        LayerKind::Conv3d if node.attributes().string("data_format")? == Some("NCDHW") => DataFormat::Nchw,
        LayerKind::Conv3d => DataFormat::Nhwc,
        _ => WindowAttrs::of(node)?.format,
    };
    for attr in ["transpose_b", "adjoint_b", "adj_y"] {
        // Then the channels are rows of the weights.
        if node.attributes().bool_or(attr, false)? {
            return Err(FoldSkip::Transposed);
        }
    }
    let outlet = *node.inputs.get(1).ok_or(FoldSkip::NotConstant { what: "the weights" })?;
    let weights = graph.constant(outlet).map_err(FoldSkip::Unreadable)?;
    let weights = weights.ok_or(FoldSkip::NotConstant { what: "the weights" })?;
    match kind.channels(weights.shape()) {
        Some((channels, run)) if !weights.is_empty() => {
            Ok(Tail { layer, bias_add, kind, format, channels, run })
        }
        _ => Err(wrong("the weights", &format!("float32 of rank {}", kind.weight_rank()), &weights)),
    }
}

fn data_of(graph: &Graph, id: NodeId) -> Result<Outlet, FoldSkip> {
    let node = graph.node(id);
    node.inputs.first().copied().ok_or_else(|| not_after(node))
}

/// `BatchToSpaceND` moves maps about and leaves channels alone, so a step may go before it.
fn space(graph: &Graph, id: NodeId) -> Result<Chain, FoldSkip> {
    let tail = tail(graph, data_of(graph, id)?)?;
    let block = graph.node(id).inputs.get(1).and_then(|&block| graph.constant(block).ok().flatten());
    let only_spatial = tail.format == DataFormat::Nhwc && block.is_some_and(|block| block.len() <= 2);
    if tail.kind.is_2d_window() && only_spatial {
        let (channels, format) = (tail.channels, tail.format);
        Ok(Chain { tails: vec![tail], through: Some(id), channels, format, rank: 4 })
    } else {
        Err(not_after(graph.node(id)))
    }
}

/// A `Reshape` of a matrix product that keeps its columns as the channels.
fn reshape(graph: &Graph, id: NodeId) -> Result<Chain, FoldSkip> {
    let tail = tail(graph, data_of(graph, id)?)?;
    let node = graph.node(id);
    let shape = node.inputs.get(1).and_then(|&shape| dimensions(graph, shape)).unwrap_or_default();
    let columns = i64::try_from(tail.channels).unwrap_or(-1);
    let format = match shape.as_slice() {
        _ if tail.kind != LayerKind::MatMul => return Err(not_after(node)),
        [.., last] if *last == columns => DataFormat::Nhwc,
        [_, channels, 1, 1] if *channels == columns => DataFormat::Nchw,
        _ => return Err(not_after(node)),
    };
    let channels = tail.channels;
    Ok(Chain { tails: vec![tail], through: Some(id), channels, format, rank: shape.len() })
}

/// The dimensions of a shape: a constant, or packed of constants and computed ones, which are -1.
fn dimensions(graph: &Graph, shape: Outlet) -> Option<Vec<i64>> {
    let integers = |outlet| graph.constant(outlet).ok().flatten()?.to_i64_vec().ok();
    if let Some(shape) = integers(shape) {
        return Some(shape);
    }
    let (_, pack) = source(graph, shape).filter(|(_, node)| node.op == op::PACK)?;
    let dimension = |&outlet: &Outlet| match integers(outlet).as_deref() {
        Some(&[dimension]) => dimension,
        _ => -1,
    };
    Some(pack.inputs.iter().map(dimension).collect())
}

/// The parts of a group convolution, which all read one `Split`.
fn group(graph: &Graph, id: NodeId) -> Result<Chain, FoldSkip> {
    let node = graph.node(id);
    let (ends, axis) = joined_parts(node).ok_or_else(|| not_after(node))?;
    let tails: Vec<Tail> = ends.iter().map(|&end| tail(graph, end)).collect::<Result<_, _>>()?;
    let split_of = |tail: &Tail| {
        let split = graph.node(tail.layer).inputs.first()?.node;
        let node = graph.node(split);
        (node.op == op::SPLIT && node.inputs.len() > SPLIT_DATA).then_some(split)
    };
    let Some(first) = tails.first() else { return Err(not_after(node)) };
    let rank = if first.kind == LayerKind::Conv3d { 5 } else { 4 };
    let format = first.format;
    let split = split_of(first);
    let alike = split.is_some()
        && tails.iter().all(|tail| {
            matches!(tail.kind, LayerKind::Conv2d | LayerKind::Conv3d)
                && (tail.kind, tail.format) == (first.kind, format)
                && split_of(tail) == split
        });
    let axis = graph.constant(axis).ok().flatten().and_then(|axis| axis.to_i64_vec().ok());
    let along_channels = matches!(axis.as_deref(),
        Some(&[axis]) if usize::try_from(axis.rem_euclid(rank)) == Ok(format.channel_axis(rank as usize)));
    if !alike || !along_channels {
        return Err(not_after(node));
    }
    let channels = tails.iter().map(|tail| tail.channels).sum();
    Ok(Chain { tails, through: Some(id), channels, format, rank: rank as usize })
}
