//! Which quantized layers ATC gives back to float16, before it compiles them.
//!
//! Its pass for each kind of layer looks at the channels of the `AscendQuant`'s input, for an average
//! pool at the window and at the width of its output. Where it cannot tell, because a dimension is not
//! known, the layer stays in int8. Everybody who wants to know asks here: `verify`'s notes, the
//! warnings of the search for layers, `inspect`, and a run with a chip's semantics.
//!
//! Source: docs/sources/atc.md, section "Rollback".

use std::collections::BTreeMap;
use std::fmt;

use amct_graph::views::WindowAttrs;
use amct_graph::{Graph, Node, Outlet};

use crate::layers::{LayerKind, QuantizableLayer, group, pool_problem};
use crate::quantized::QuantizedLayer;
use crate::verify::path::{self, Path};

/// Layers with that many input channels or fewer go back.
pub const FEW_CHANNELS: usize = 16;

/// Shapes of outlets, as far as they are known.
pub type Shapes = BTreeMap<Outlet, Vec<usize>>;

/// Why ATC runs a layer in float16.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollbackReason {
    /// Its `AscendQuant` reads a value of so many channels, [`FEW_CHANNELS`] at most.
    FewChannels(usize),
    /// Its window is too large, or its stride.
    Window(String),
    /// The output of an average pool is one column wide.
    Width(Vec<usize>),
}

impl fmt::Display for RollbackReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RollbackReason::FewChannels(1) => write!(f, "1 input channel"),
            RollbackReason::FewChannels(channels) => write!(f, "{channels} input channels"),
            RollbackReason::Window(problem) => f.write_str(problem),
            RollbackReason::Width(shape) => write!(f, "an output of shape {shape:?}, which is 1 wide"),
        }
    }
}

/// A quantized layer that ATC gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedRollback {
    /// The layer.
    pub layer: QuantizedLayer,
    /// Why.
    pub reason: RollbackReason,
}

/// The rule. `channels` are those of what the `AscendQuant` reads, `output` is the shape of an average
/// pool's output; `None` where they are not known.
fn reason(
    kind: LayerKind,
    node: &Node,
    channels: Option<usize>,
    output: Option<&Vec<usize>>,
) -> Option<RollbackReason> {
    match kind {
        LayerKind::Conv2d | LayerKind::DepthwiseConv2d | LayerKind::ConvTranspose2d | LayerKind::Conv3d => {
            channels.filter(|&channels| channels <= FEW_CHANNELS).map(RollbackReason::FewChannels)
        }
        LayerKind::MatMul | LayerKind::BatchMatMul => None,
        LayerKind::AvgPool => {
            let window = WindowAttrs::of(node).ok()?;
            let width = output.and_then(|shape| shape.get(window.format.spatial_axes().1));
            let narrow = output.filter(|_| width == Some(&1)).cloned().map(RollbackReason::Width);
            narrow.or_else(|| pool_problem(&window).map(RollbackReason::Window))
        }
    }
}

/// The channels of the value that a layer quantizes, with weights of that shape and in so many groups.
/// The value's own shape tells for sure: the weights of a `Conv2D` may be those of implicit groups.
fn channels(
    kind: LayerKind,
    node: &Node,
    weights: Option<&[usize]>,
    parts: usize,
    value: Option<&Vec<usize>>,
) -> Option<usize> {
    let by_value = || {
        let shape = value?;
        let axis = if kind == LayerKind::Conv3d {
            let is_second = matches!(node.attributes().string("data_format"), Ok(Some("NCDHW")));
            if is_second { 1 } else { shape.len().checked_sub(1)? }
        } else {
            WindowAttrs::of(node).ok()?.format.channel_axis(shape.len())
        };
        shape.get(axis).copied()
    };
    by_value().or_else(|| kind.input_channels(weights?)?.checked_mul(parts))
}

/// What ATC will do with a layer that is to be quantized; `shapes` gives the shape of an outlet where it
/// is known.
pub(crate) fn of_layer(
    graph: &Graph,
    layer: &QuantizableLayer,
    shapes: &dyn Fn(Outlet) -> Option<Vec<usize>>,
) -> Option<RollbackReason> {
    let node = graph.node(layer.node);
    let weights = layer.weights.as_ref().map(|weights| weights.shape.as_slice());
    let parts = layer.group.as_ref().map_or(1, |group| group.members.len());
    let channels = channels(layer.kind, node, weights, parts, shapes(layer.input).as_ref());
    reason(layer.kind, node, channels, shapes(layer.node.into()).as_ref())
}

/// The quantized layers that ATC gives back to float16, in graph order. `shapes` are those of
/// [`deciding_outlets`], as far as they are known.
pub fn expected_rollbacks(graph: &Graph, shapes: &Shapes) -> Vec<ExpectedRollback> {
    let consumers = graph.consumers();
    let paths = path::all(graph, &consumers);
    let back = |path: &Path| {
        let reason = of_path(graph, path, shapes)?;
        Some(ExpectedRollback { layer: QuantizedLayer::of(graph, path)?, reason })
    };
    paths.iter().filter_map(back).collect()
}

pub(crate) fn of_path(graph: &Graph, path: &Path, shapes: &Shapes) -> Option<RollbackReason> {
    let node = graph.node(path.layer);
    let kind = LayerKind::of_op(&node.op)?;
    let value = graph.node(path.quant?).inputs.first().and_then(|outlet| shapes.get(outlet));
    let channels = channels(kind, node, weights(graph, path).as_deref(), parts(graph, path), value);
    reason(kind, node, channels, shapes.get(&path.layer.into()))
}

/// The outlets whose shapes the rule may ask for: outputs of average pools, and what is quantized for
/// convolutions whose weights may be those of implicit groups.
pub fn deciding_outlets(graph: &Graph) -> Vec<Outlet> {
    let consumers = graph.consumers();
    let outlet = |path: &Path| -> Option<Outlet> {
        let quant = graph.node(path.quant?);
        match LayerKind::of_op(&graph.node(path.layer).op)? {
            LayerKind::AvgPool => Some(path.layer.into()),
            kind @ (LayerKind::Conv2d | LayerKind::Conv3d) => {
                let seen = kind.input_channels(&weights(graph, path)?)?;
                let is_few = seen.checked_mul(parts(graph, path))? <= FEW_CHANNELS;
                quant.inputs.first().copied().filter(|_| is_few)
            }
            _ => None,
        }
    };
    path::all(graph, &consumers).iter().filter_map(outlet).collect()
}

/// The shape of a quantized layer's weights.
fn weights(graph: &Graph, path: &Path) -> Option<Vec<usize>> {
    let quant = graph.node(path.weight_quant?);
    let constant = graph.constant_node(*quant.inputs.first()?)?;
    graph.node(constant).attributes().tensor("value").ok()?.dims().ok()
}

/// In how many parts a `Split` cuts what is quantized, before the layer reads one.
fn parts(graph: &Graph, path: &Path) -> usize {
    let split = path.between.iter().map(|&id| graph.node(id)).find(|node| node.op == group::SPLIT);
    let parts = split.and_then(|node| node.attributes().int_or("num_split", 1).ok());
    parts.and_then(|parts| usize::try_from(parts).ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests;
