//! Runs one batch to learn the shapes that decide how layers are quantized.

use std::collections::BTreeMap;

use amct_graph::{Graph, LayerKind, Outlet, op};
use amct_interpreter::{PlanOptions, RunError};

use crate::{Batches, CalibrationError, tidied};

/// The data inputs of all layers that might be quantized, and of the `Pad`s and `Split`s before
/// them: the outlets whose shapes decide how a layer is quantized and how much data it sees.
pub fn layer_inputs(graph: &Graph, outputs: &[Outlet]) -> Result<Vec<Outlet>, CalibrationError> {
    let roots: Vec<_> = outputs.iter().map(|outlet| outlet.node).collect();
    let mut inputs: Vec<Outlet> = graph
        .needed_by(&roots)?
        .into_iter()
        .map(|id| graph.node(id))
        .filter_map(|node| {
            let input = match node.op.as_str() {
                op::PAD | op::PAD_V2 => 0,
                op::SPLIT => 1,
                op => LayerKind::of_op(op)?.data_input(),
            };
            node.inputs.get(input).copied()
        })
        .collect();
    inputs.sort_unstable();
    inputs.dedup();
    Ok(inputs)
}

/// Runs the first batch and tells the shapes of `outlets`.
///
/// # Errors
/// [`CalibrationError`] if there is no batch or the graph does not run on it.
pub fn probe_shapes(
    graph: &Graph,
    outputs: &[Outlet],
    outlets: &[Outlet],
    batches: &dyn Batches,
) -> Result<BTreeMap<Outlet, Vec<usize>>, CalibrationError> {
    if batches.is_empty() {
        return Err(CalibrationError::NoBatches);
    }
    let options = PlanOptions { observed: outlets.to_vec(), ..PlanOptions::default() };
    let plan = tidied::plan(graph, outputs, &options)?;
    let mut shapes = BTreeMap::new();
    plan.run_observed(&batches.feeds(0)?, &mut |outlet, value| -> Result<(), RunError> {
        shapes.insert(outlet, value.shape().to_vec());
        Ok(())
    })?;
    Ok(shapes)
}
