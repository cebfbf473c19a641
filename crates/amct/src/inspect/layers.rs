//! The layers of a graph: which can be quantized, which cannot, and which ATC will not run in int8.

use std::collections::BTreeMap;

use amct_calibration::{layer_inputs, probe_shapes};
use amct_graph::{Graph, Outlet};
use amct_rewrite::rollback_rule::Shapes;
use amct_rewrite::{ExpectedRollback, FoldOptions, already_quantized, expected_rollbacks, fold, scan_layers};

use crate::atc::deciding_shapes;
use crate::probe::ZeroBatch;
use crate::{Chain, Error, signature};

#[derive(Default)]
pub(super) struct Layers {
    /// Name and op.
    pub(super) quantizable: Vec<(String, String)>,
    /// Name, op and reason.
    pub(super) not_quantizable: Vec<(String, String, String)>,
    pub(super) not_int8: Vec<(String, String, String)>,
}

/// Those after folding, as a job would see them. `given` are the shapes of inputs; without enough of them
/// nothing is said that shapes decide.
pub(super) fn find(
    graph: &Graph,
    outputs: &[String],
    given: &BTreeMap<String, Vec<usize>>,
) -> Result<Layers, Error> {
    let mut folded = graph.clone();
    fold(&mut folded, &FoldOptions { outputs: outputs.to_vec(), ..FoldOptions::default() })?;
    let outlets = signature::outlets(&folded, outputs)?;
    let shapes = shapes(&folded, &outlets, given).unwrap_or_else(|error| {
        log::info!(target: "inspect", "shapes inside the graph are not known: {}", Chain(&error));
        Shapes::new()
    });
    let scan = scan_layers(&folded, outputs, &|outlet| shapes.get(&outlet).cloned())?;
    let op_of = |name: &str| folded.find(name).map_or(String::new(), |id| folded.node(id).op.clone());
    let not_int8 = if already_quantized(graph).is_some() {
        let back = expected_rollbacks(&folded, &shapes).into_iter();
        back.map(|ExpectedRollback { layer, reason }| (layer.name, layer.op, reason.in_words())).collect()
    } else {
        let warnings = scan.warnings.into_iter();
        warnings.map(|warning| (warning.layer.clone(), op_of(&warning.layer), warning.problem)).collect()
    };
    Ok(Layers {
        quantizable: scan.layers.iter().map(|layer| (layer.name.clone(), op_of(&layer.name))).collect(),
        not_quantizable: scan
            .nodes
            .skipped()
            .map(|(name, reason)| (name.to_owned(), op_of(name), reason.to_string()))
            .collect(),
        not_int8,
    })
}

/// The shapes that the rules on layers ask for, at inputs of zeros.
fn shapes(graph: &Graph, outlets: &[Outlet], given: &BTreeMap<String, Vec<usize>>) -> Result<Shapes, Error> {
    let zeros = ZeroBatch::new(graph, outlets, given)?;
    if already_quantized(graph).is_some() {
        return Ok(deciding_shapes(graph, outlets, &zeros));
    }
    let probed = layer_inputs(graph, outlets)?;
    Ok(probe_shapes(graph, &probed, &probed, &zeros)?)
}
