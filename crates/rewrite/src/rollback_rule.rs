//! Which quantized layers ATC gives back to float16, before it compiles them.
//!
//! Its pass for each kind of layer looks at the channels of the `AscendQuant`'s input, for an average
//! pool at the window and at the width of what it gives. Where it cannot tell, because a dimension is not
//! known, the layer stays in int8. Everybody who wants to know asks here: `verify`'s notes, the
//! warnings of the search for layers, `inspect`, and a run with a chip's semantics.
//!
//! Source: `docs/sources/atc.md`, section "Rollback".

use std::collections::BTreeMap;
use std::fmt;

use amct_graph::views::WindowAttrs;
use amct_graph::{Graph, LayerKind, LayerPath, Node, Outlet, QuantizedLayer, layer_paths};
use amct_tensor::window::Axis;

use crate::layers::{QuantizableLayer, pool_problem};

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
    /// An average pool gives maps that are one column wide.
    Narrow,
}

impl RollbackReason {
    /// The reason, and what follows from it.
    pub fn in_words(&self) -> String {
        format!("{self}; ATC runs such a layer in float16")
    }
}

impl fmt::Display for RollbackReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RollbackReason::FewChannels(1) => write!(f, "1 input channel"),
            RollbackReason::FewChannels(channels) => write!(f, "{channels} input channels"),
            RollbackReason::Window(problem) => f.write_str(problem),
            RollbackReason::Narrow => f.write_str("an average pooling to width 1"),
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

/// What the rule looks at.
struct Seen<'a> {
    kind: LayerKind,
    node: &'a Node,
    /// The shape of the weights.
    weights: Option<&'a [usize]>,
    /// In how many parts what is quantized is cut before the layer reads one.
    parts: usize,
    /// The shape of what is quantized, if it is known.
    value: Option<&'a Vec<usize>>,
}

/// The rule.
fn reason(seen: &Seen<'_>) -> Option<RollbackReason> {
    let node = seen.node;
    match seen.kind {
        LayerKind::Conv2d | LayerKind::DepthwiseConv2d | LayerKind::ConvTranspose2d | LayerKind::Conv3d => {
            channels(seen).filter(|&channels| channels <= FEW_CHANNELS).map(RollbackReason::FewChannels)
        }
        LayerKind::MatMul | LayerKind::BatchMatMul => None,
        LayerKind::AvgPool => {
            let window = WindowAttrs::of(node).ok()?;
            let width = || {
                let input = *seen.value?.get(window.format.spatial_axes().1)?;
                let (_, stride) = window.strides;
                Some(Axis::new(input, window.kernel.1, stride, 1, window.padding, 1).ok()?.output)
            };
            match pool_problem(&window) {
                _ if width() == Some(1) => Some(RollbackReason::Narrow),
                problem => problem.map(RollbackReason::Window),
            }
        }
    }
}

/// The channels of the value that a layer quantizes. The value's own shape tells for sure: the weights
/// of a `Conv2D` may be those of implicit groups.
fn channels(seen: &Seen<'_>) -> Option<usize> {
    let by_value = || {
        let shape = seen.value?;
        shape.get(seen.kind.channel_axis(seen.node, shape.len())).copied()
    };
    by_value().or_else(|| seen.kind.input_channels(seen.weights?)?.checked_mul(seen.parts))
}

/// What ATC will do with a layer that is to be quantized; `shapes` gives the shape of an outlet where it
/// is known.
pub(crate) fn of_layer(
    graph: &Graph,
    layer: &QuantizableLayer,
    shapes: &dyn Fn(Outlet) -> Option<Vec<usize>>,
) -> Option<RollbackReason> {
    reason(&Seen {
        kind: layer.kind,
        node: graph.node(layer.node),
        weights: layer.weights.as_ref().map(|weights| weights.shape.as_slice()),
        parts: layer.group.as_ref().map_or(1, |group| group.members.len()),
        value: shapes(layer.input).as_ref(),
    })
}

/// The quantized layers that ATC gives back to float16, in graph order. `shapes` are those of
/// [`deciding_outlets`], as far as they are known.
pub fn expected_rollbacks(graph: &Graph, shapes: &Shapes) -> Vec<ExpectedRollback> {
    let consumers = graph.consumers();
    let paths = layer_paths(graph, &consumers);
    let back = |path: &LayerPath| {
        let reason = of_path(graph, path, shapes)?;
        Some(ExpectedRollback { layer: path.whole(graph)?, reason })
    };
    paths.iter().filter_map(back).collect()
}

/// What ATC will do with a quantized layer.
pub(crate) fn of_path(graph: &Graph, path: &LayerPath, shapes: &Shapes) -> Option<RollbackReason> {
    let node = graph.node(path.layer);
    reason(&Seen {
        kind: path.kind,
        node,
        weights: path.weight_shape(graph).as_deref(),
        parts: path.parts(graph),
        value: path.quantized_value(graph).and_then(|value| shapes.get(&value)),
    })
}

/// The outlets whose shapes decide: what is quantized for average pools, and for convolutions whose
/// weights may be those of implicit groups.
pub fn deciding_outlets(graph: &Graph) -> Vec<Outlet> {
    let consumers = graph.consumers();
    let outlet = |path: &LayerPath| -> Option<Outlet> {
        let quantized = path.quantized_value(graph);
        match path.kind {
            LayerKind::AvgPool => quantized,
            kind @ (LayerKind::Conv2d | LayerKind::Conv3d) => {
                let seen = kind.input_channels(&path.weight_shape(graph)?)?;
                let is_few = seen.checked_mul(path.parts(graph))? <= FEW_CHANNELS;
                quantized.filter(|_| is_few)
            }
            _ => None,
        }
    };
    layer_paths(graph, &consumers).iter().filter_map(outlet).collect()
}

#[cfg(test)]
mod tests;
