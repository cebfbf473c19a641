//! What ATC is expected to run in float, where there is no compiled model to tell.

use std::collections::BTreeSet;

use amct_calibration::{Batches, probe_shapes};
use amct_graph::{Graph, NodeId, Outlet};
use amct_rewrite::rollback_rule::{Shapes, deciding_outlets};
use amct_rewrite::{ExpectedRollback, expected_rollbacks, roll_back};

use super::CompiledError;

/// The shapes that decide which layers ATC gives back to float, learnt from a run of the first batch; none
/// if the graph does not run on it, which the log then says. Only what `outputs` need is looked at.
pub fn deciding_shapes(graph: &Graph, outputs: &[Outlet], batches: &dyn Batches) -> Shapes {
    let probe = || -> Result<Shapes, crate::Error> {
        let needed = needed(graph, outputs)?;
        let deciding = deciding_outlets(graph).into_iter().filter(|outlet| needed.contains(&outlet.node));
        let deciding: Vec<Outlet> = deciding.collect();
        if deciding.is_empty() {
            return Ok(Shapes::new());
        }
        Ok(probe_shapes(graph, &deciding, &deciding, batches)?)
    };
    probe().unwrap_or_else(|error| {
        log::info!(target: "compiled", "shapes inside the graph are not known: {}", amct_tensor::Chain(&error));
        Shapes::new()
    })
}

/// Gives the layers back to float that ATC will, as far as its rule is public and the shapes are known;
/// which these are, in graph order. Only layers that `outputs` need are looked at.
///
/// # Errors
/// [`CompiledError::RollBack`] if a layer's constants do not fit each other, or an output is unknown.
pub fn roll_back_expected(
    graph: &mut Graph,
    outputs: &[Outlet],
    shapes: &Shapes,
) -> Result<Vec<ExpectedRollback>, CompiledError> {
    let needed = needed(graph, outputs).map_err(|error| CompiledError::RollBack(error.into()))?;
    let mut expected = expected_rollbacks(graph, shapes);
    expected.retain(|back| needed.contains(&back.layer.node));
    for ExpectedRollback { layer, reason } in &expected {
        log::info!(target: "compiled", "layer '{}' runs in float16 and not in int8: {reason}", layer.name);
    }
    let dequants = expected.iter().map(|back| back.layer.dequant).collect();
    roll_back(graph, &dequants, outputs).map_err(CompiledError::RollBack)?;
    Ok(expected)
}

fn needed(graph: &Graph, outputs: &[Outlet]) -> Result<BTreeSet<NodeId>, amct_graph::GraphError> {
    let roots: Vec<NodeId> = outputs.iter().map(|outlet| outlet.node).collect();
    Ok(graph.needed_by(&roots)?.into_iter().collect())
}
