//! A quantization behind a concatenation of dequantized values.

use amct_graph::{NodeId, Outlet, op};
use amct_tensor::DataFormat;

use super::{Dequant, Numbers, Requant, Search};
use crate::device::{Activation, Requantization};

/// Channels that an int8 operator of the 310P has side by side.
const ALIGNED: usize = 32;

/// A quantization that reads joined sums.
pub(in crate::device) struct Joined {
    pub(in crate::device) quant: NodeId,
    /// The concatenation.
    pub(in crate::device) concat: NodeId,
    /// For each value that is joined: the sums, and how they become int8.
    pub(in crate::device) parts: Vec<(Outlet, Requant)>,
    /// Which inputs of the concatenation those are.
    pub(in crate::device) inputs: Vec<usize>,
}

/// All that ATC fuses so; `is_taken` tells of a quantization that is fused otherwise.
pub(in crate::device) fn all(search: &Search<'_>, is_taken: &dyn Fn(NodeId) -> bool) -> Vec<Joined> {
    if matches!(search.device.chip().requantization, Requantization::FixPipe { .. }) {
        return Vec::new();
    }
    let quants = search.graph.nodes().filter(|(id, node)| node.op == op::QUANT && !is_taken(*id));
    quants.filter_map(|(id, _)| joined(search, id)).collect()
}

fn joined(search: &Search<'_>, quant: NodeId) -> Option<Joined> {
    let graph = search.graph;
    let numbers = Numbers::of(graph.node(quant))?;
    let mut concat = source(search, quant)?;
    let outer = Activation::of(graph.node(concat));
    if outer.is_some() {
        search.sole_reader(concat)?;
        concat = source(search, concat)?;
    }
    let node = graph.node(concat);
    let axis = match node.op.as_str() {
        op::CONCAT_V2 => node.inputs.len().checked_sub(1)?,
        op::CONCAT => 0,
        _ => return None,
    };
    search.sole_reader(concat)?;
    let inputs: Vec<usize> = (0..node.inputs.len()).filter(|&input| input != axis).collect();
    let is_fixed = search.device.chip().requantization == Requantization::Fixed;
    let mut parts = Vec::new();
    for &input in &inputs {
        let mut id = graph.source(*node.inputs.get(input)?).node;
        search.sole_reader(id)?;
        let inner = Activation::of(graph.node(id));
        if inner.is_some() {
            id = source(search, id)?;
            search.sole_reader(id)?;
        }
        let dequant = Dequant::at(graph, id)?;
        if is_fixed
            && (dequant.partial_pool.is_some() || !is_aligned(search, &dequant, *node.inputs.get(axis)?))
        {
            return None;
        }
        let activations = inner.into_iter().chain(outer).collect();
        parts.push((dequant.sums, dequant.requant(activations, numbers)));
    }
    // What stays a step of its own must do so for all on the 310P, whose integers are made before.
    let absorbed = |requant: &Requant| requant.activations.iter().all(|step| step.is_absorbed());
    let first = absorbed(&parts.first()?.1);
    let fits = !is_fixed || parts.iter().all(|(_, requant)| absorbed(requant) == first);
    fits.then_some(Joined { quant, concat, parts, inputs })
}

/// The node that input 0 of another comes from.
fn source(search: &Search<'_>, id: NodeId) -> Option<NodeId> {
    Some(search.graph.source(*search.node(id).inputs.first()?).node)
}

/// Whether values joined along the channels have a multiple of what the 310P has side by side. What is
/// not known is not.
fn is_aligned(search: &Search<'_>, dequant: &Dequant, axis: Outlet) -> bool {
    let axis = search.graph.constant(axis).ok().flatten().and_then(|axis| axis.to_i64_vec().ok());
    let along_channels = match (axis.as_deref(), dequant.format) {
        (Some(&[axis]), DataFormat::Nhwc) => axis == 3 || axis == -1,
        (Some(&[axis]), DataFormat::Nchw) => axis == 1 || axis == -3,
        _ => return false,
    };
    !along_channels || channels(search, dequant).is_some_and(|channels| channels.is_multiple_of(ALIGNED))
}

/// The channels of a dequantized value: one per word, or those of the weights behind one word.
fn channels(search: &Search<'_>, dequant: &Dequant) -> Option<usize> {
    if dequant.words.len() > 1 {
        return Some(dequant.words.len());
    }
    let path = search.paths.iter().find(|path| path.dequant == Some(dequant.id))?;
    path.kind.channels(&path.weight_shape(search.graph)?).map(|(channels, _)| channels)
}
