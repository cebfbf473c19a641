//! Which layers of a graph can be quantized, and what has to be known of each.
//!
//! Source: `docs/sources/amct.md` section 7, `docs/sources/atc.md` sections 5 and 7.

mod candidate;
pub(crate) mod group;
mod inputs;
mod limits;
pub(crate) mod pad;
mod skip;
#[cfg(test)]
mod tests;

use amct_graph::{Graph, LayerKind, NodeId, Outlet, op};

pub use group::ConvGroup;
pub use inputs::InputChannels;
pub use limits::LayerWarning;
pub(crate) use limits::{convolution_problem, pool_problem};
pub use skip::LayerSkip;

use crate::RewriteError;
use crate::outputs::Outputs;
use crate::report::{Outcome, PassReport};

/// The scan's name in reports and logs.
pub const PASS: &str = "scan_layers";

/// The ops that AMCT puts into a graph: a graph with one of them has been through it already.
pub const AMCT_OPS: [&str; 7] =
    [op::QUANT_IFMR, op::QUANT_ARQ, op::SEARCH_N, op::QUANT, op::DEQUANT, op::ANTI_QUANT, op::WEIGHT_QUANT];

/// The constant weights of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerWeights {
    /// The `Const` node, possibly behind an `Identity` and read by other layers too.
    pub constant: NodeId,
    /// The shape that [`LayerKind`] gives; no dimension is 0.
    pub shape: Vec<usize>,
    /// Output channels; for a depthwise convolution C * M.
    pub channels: usize,
    /// How many weights that lie side by side belong to one channel: the weight of flat index `i`
    /// belongs to channel `i / run % channels`. 1 unless the filter is a transposed one.
    pub run: usize,
}

/// A bias that is added to a layer's output and to nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerBias {
    /// The `BiasAdd` node.
    pub node: NodeId,
    /// The `Const` node of the bias, float32 with one value per channel.
    pub constant: NodeId,
}

/// A layer that can be quantized. The ids hold for the graph that was scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantizableLayer {
    /// Name of the node, which is the layer's name in every AMCT file.
    pub name: String,
    /// The node.
    pub node: NodeId,
    /// Its kind.
    pub kind: LayerKind,
    /// What is quantized and calibrated: the layer's data input, or that of `pad` or of the group's
    /// `Split`.
    pub input: Outlet,
    /// A zero `Pad` in front that the `AscendQuant` may go before.
    pub pad: Option<NodeId>,
    /// The group convolution it is a part of; `input` is then what the `Split` reads.
    pub group: Option<ConvGroup>,
    /// Weights; `None` for a pooling.
    pub weights: Option<LayerWeights>,
    /// The default of `channel_wise`: one weight scale per output channel.
    pub channel_wise: bool,
    /// The bias that becomes part of the layer.
    pub bias: Option<LayerBias>,
}

impl QuantizableLayer {
    /// The last node of the layer itself: its `BiasAdd`, else the layer.
    pub fn end(&self) -> NodeId {
        self.bias.as_ref().map_or(self.node, |bias| bias.node)
    }

    /// The node and input that read [`input`](Self::input): the layer, or the `Pad` or `Split` before it.
    pub fn reader(&self) -> (NodeId, usize) {
        match (self.pad, &self.group) {
            (Some(pad), _) => (pad, 0),
            (None, Some(group)) => (group.split, op::SPLIT_DATA),
            (None, None) => (self.node, self.kind.data_input()),
        }
    }

    /// The number of output channels; `None` for a pooling.
    pub fn channels(&self) -> Option<usize> {
        self.weights.as_ref().map(|weights| weights.channels)
    }
}

/// The layers of a graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerScan {
    /// Those that can be quantized, in graph order.
    pub layers: Vec<QuantizableLayer>,
    /// Every node of a quantizable op, with the reason if it cannot be quantized.
    pub nodes: PassReport<LayerSkip>,
    /// Layers that ATC will run in float16 all the same, or refuse.
    pub warnings: Vec<LayerWarning>,
}

/// Lists the layers that can be quantized, in graph order.
///
/// `outputs` are the requested outputs; nothing behind such a value is taken into a layer.
/// `shapes` gives the shape of an outlet where it is known: a `Conv2D` with a 1x1 kernel on a 1x1
/// map gets one weight scale instead of one per channel, since ATC turns it into a fully connected
/// layer; where the shape is unknown it does not.
///
/// # Errors
/// [`RewriteError::Graph`] if a requested output is not in the graph.
pub fn scan_layers(
    graph: &Graph,
    outputs: &[String],
    shapes: &dyn Fn(Outlet) -> Option<Vec<usize>>,
) -> Result<LayerScan, RewriteError> {
    let outputs = Outputs::resolve(graph, outputs)?;
    let consumers = graph.consumers();
    let mut scan = LayerScan::default();
    for (id, node) in graph.nodes() {
        let Some(kind) = LayerKind::of_op(&node.op) else { continue };
        let search =
            candidate::Candidate { graph, consumers: &consumers, outputs: &outputs, shapes, id, kind };
        let outcome = match search.layer() {
            Ok(layer) => {
                scan.layers.push(layer);
                Outcome::Applied
            }
            Err(reason) => Outcome::Skipped(reason),
        };
        scan.nodes.add(PASS, &node.name, &node.op, outcome);
    }
    pad::look_behind_pads(graph, &consumers, &outputs, &mut scan.layers);
    group::find(graph, &consumers, &outputs, &mut scan.layers);
    let skipped = scan.nodes.skipped().count();
    log::info!(target: PASS, "{} layers can be quantized, {skipped} cannot", scan.layers.len());
    scan.warnings = scan.layers.iter().filter_map(|layer| limits::check(graph, layer, shapes)).collect();
    for warning in &scan.warnings {
        log::warn!(target: PASS, "{warning}");
    }
    Ok(scan)
}

/// Names of the nodes that show that AMCT has worked on this graph; `None` if there are none.
pub fn already_quantized(graph: &Graph) -> Option<Vec<String>> {
    let is_amct = |op: &str| AMCT_OPS.contains(&op);
    let names: Vec<String> =
        graph.nodes().filter(|(_, node)| is_amct(&node.op)).map(|(_, node)| node.name.clone()).collect();
    (!names.is_empty()).then_some(names)
}
