//! The graph that a device runs: quantizations read the sums that they dequantize themselves, and the
//! mean of an average pool with padding is taken where its sums are dequantized.

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::{Graph, GraphError, NewNode, Node, NodeId, Outlet, Patch, Source, layer_paths, op};
use amct_tensor::{Internal, internal};

use super::Device;
use super::requants::{Dequant, Joined, Requant, Search, behind, joined, partial_pool};

/// Which output of a device's `AvgPool` tells the number of values in each sum.
pub(crate) const TAPS: usize = 1;

/// A graph whose `AscendQuant`s read sums where the device computes them so. What lies between stays for
/// those who want to see it.
#[derive(Debug, Default)]
pub(crate) struct DeviceGraph {
    pub(crate) graph: Graph,
    /// How each of them dequantizes the sums.
    pub(crate) requants: BTreeMap<NodeId, Requant>,
    /// Those of the original graph that it stands for.
    quants: BTreeSet<NodeId>,
}

impl DeviceGraph {
    /// The names of the quantizations among `nodes` that read sums.
    pub(crate) fn names(&self, nodes: &[NodeId]) -> Vec<String> {
        let nodes: BTreeSet<NodeId> = nodes.iter().copied().collect();
        let quants = self.quants.intersection(&nodes);
        quants.map(|&id| self.graph.node(id).name.clone()).collect()
    }
}

/// The graph that a device runs.
///
/// # Errors
/// [`GraphError`] if the graph cannot be changed.
pub(crate) fn of(graph: &Graph, device: Device) -> Result<DeviceGraph, GraphError> {
    let consumers = graph.consumers();
    let search = Search { graph, paths: layer_paths(graph, &consumers), consumers, device };
    let mut requants: BTreeMap<NodeId, Requant> = BTreeMap::new();
    let mut patch = Patch::new();
    for (id, node) in graph.nodes().filter(|(_, node)| node.op == op::DEQUANT) {
        if let Some(pool) = node.inputs.first().and_then(|&sums| partial_pool(graph, sums)) {
            patch.append_input(id, Outlet::new(pool, TAPS));
        }
        let Some(dequant) = Dequant::at(graph, id) else { continue };
        for (quant, requant) in behind(&search, &dequant) {
            patch.set_input(quant, 0, dequant.sums);
            if let Some(pool) = dequant.partial_pool {
                patch.append_input(quant, Outlet::new(pool, TAPS));
            }
            requants.insert(quant, requant);
        }
    }
    let joins = joined(&search, &|quant| requants.contains_key(&quant));
    let quants = requants.keys().copied().chain(joins.iter().map(|join| join.quant)).collect();
    let mut added = Vec::new();
    for join in &joins {
        join_integers(graph, join, &mut patch)?;
        added.extend(join.parts.iter().map(|(_, requant)| Some(requant)).chain([None]));
    }
    let mut fused = graph.clone();
    let ids = fused.apply(&patch)?;
    let new = ids.into_iter().zip(added).filter_map(|(id, requant)| Some((id, requant?.clone())));
    requants.extend(new);
    Ok(DeviceGraph { graph: fused, requants, quants })
}

/// Lets each part be quantized by itself, and joins the integers.
fn join_integers(graph: &Graph, join: &Joined, patch: &mut Patch) -> Result<(), Internal> {
    let (quant, concat) = (graph.node(join.quant), graph.node(join.concat));
    let copied = |node: &Node, inputs: Vec<Source>| {
        let mut new = NewNode::new(format!("{}_part", node.name), node.op.clone(), inputs);
        new.attrs = node.attrs.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        new
    };
    let mut inputs: Vec<Source> = concat.inputs.iter().map(|&outlet| outlet.into()).collect();
    for (&input, (sums, _)) in join.inputs.iter().zip(&join.parts) {
        let taps = partial_pool(graph, *sums).map(|pool| Outlet::new(pool, TAPS).into());
        let part = patch.add(copied(quant, [(*sums).into()].into_iter().chain(taps).collect()));
        let place = inputs.get_mut(input);
        *place.ok_or_else(|| internal!("'{}' has no input {input}", concat.name))? = part;
    }
    let integers = patch.add(copied(concat, inputs));
    patch.set_op(join.quant, op::IDENTITY);
    patch.set_input(join.quant, 0, integers);
    Ok(())
}
