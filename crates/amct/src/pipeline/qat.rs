//! The first step for a graph of quantization-aware training: takes the fake quantization out and makes a
//! record of its ranges.

mod scales;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use amct_artifacts::record::{Record, RecordEntry};
use amct_calibration::{from_fn, layer_inputs, probe_shapes, tidied};
use amct_graph::{Graph, Outlet};
use amct_interpreter::{Feeds, PlanOptions};
use amct_rewrite::qat::{QatError, is_fake_quant, take_activations, take_weights};
use amct_rewrite::{FoldOptions, already_quantized, fold, scan_layers};
use amct_tensor::{Chain, DType, Tensor, internal};

use super::Prepared;
use super::prepare::check_training;
use crate::{Error, signature};

/// Takes the factors of a graph from quantization-aware training out of its fake quantization: the
/// graph without it, folded, and the record of its layers. [`quantize`](super::quantize) does the rest.
///
/// A layer is in the record if training has quantized its input and its weights. Its weight scales
/// are those of training wherever symmetric int8 has the trained steps, else AMCT's of the trained
/// weights (a warning tells of it).
///
/// # Errors
/// An already quantized graph, one without fake quantization or with one that cannot be converted,
/// batch norm in training mode, or no layer to quantize.
pub fn prepare_qat(original: &Graph, outputs: &[String]) -> Result<(Prepared, Record), Error> {
    if let Some(names) = already_quantized(original) {
        return Err(Error::AlreadyQuantized(names));
    }
    if !original.nodes().any(|(_, node)| is_fake_quant(node)) {
        return Err(QatError::NoFakeQuant.into());
    }
    let mut graph = original.clone();
    let weights = take_weights(&mut graph, outputs, &evaluate)?;
    let fold = fold(&mut graph, &FoldOptions { outputs: outputs.to_vec(), ..FoldOptions::default() })?;
    check_training(&graph, outputs, &fold)?;
    let activations = take_activations(&mut graph, outputs, &weights, &evaluate)?;
    let shapes = shapes(&graph, outputs)?;
    let mut scan = scan_layers(&graph, outputs, &|outlet| shapes.get(&outlet).cloned())?;
    scan.layers.retain(|layer| activations.layers.contains_key(&layer.name));
    let mut record = Record::default();
    for layer in &scan.layers {
        let activation = activations.layers.get(&layer.name);
        let activation =
            activation.ok_or_else(|| internal!("layer '{}' was kept without a scale", layer.name))?;
        let scale_w = match weights.get(&layer.name) {
            Some(trained) => scales::of_weights(&graph, layer, trained)?,
            None => Vec::new(),
        };
        log::debug!(target: "convert_qat", "layer '{}': scale_d {}, offset_d {}, scale_w {scale_w:?}",
            layer.name, activation.scale, activation.offset);
        record.entries.push(RecordEntry {
            key: layer.name.clone(),
            scale_d: Some(activation.scale),
            offset_d: Some(activation.offset),
            offset_w: vec![0; scale_w.len()],
            scale_w,
            ..RecordEntry::default()
        });
    }
    if record.entries.is_empty() {
        let trained = activations.nodes.skipped().map(|(name, why)| (name.to_owned(), why.to_string()));
        let able = scan.nodes.skipped().map(|(name, why)| (name.to_owned(), why.to_string()));
        return Err(Error::NothingToQuantize(trained.chain(able).collect()));
    }
    Ok((Prepared { graph, outputs: outputs.to_vec(), fold, scan, shapes }, record))
}

/// The value of an outlet that depends on constants alone.
fn evaluate(graph: &Graph, outlet: Outlet) -> Result<Tensor, String> {
    let plan =
        tidied::plan(graph, &[outlet], &PlanOptions::default()).map_err(|error| Chain(&error).to_string())?;
    let value = plan.run(&Feeds::new()).map_err(|error| Chain(&error).to_string())?.into_iter().next();
    value.ok_or("it has no value")?.plain().map_err(|error| Chain(&error).to_string())
}

/// The shapes of the layers' inputs for one sample of zeros; none if the graph does not say how
/// large a sample is, or holds operators that amct does not have. They only decide whether a
/// convolution counts as fully connected.
fn shapes(graph: &Graph, outputs: &[String]) -> Result<BTreeMap<Outlet, Vec<usize>>, Error> {
    let outlets = signature::outlets(graph, outputs)?;
    let probed = layer_inputs(graph, &outlets)?;
    let batches = from_fn(1, |_| sample(graph, &outlets));
    match probe_shapes(graph, &outlets, &probed, &batches) {
        Ok(shapes) => Ok(shapes),
        Err(error) => {
            log::info!(target: "convert_qat", "shapes inside the graph are not known: {}", Chain(&error));
            Ok(BTreeMap::new())
        }
    }
}

/// Zeros for every input, one sample where the batch is free.
fn sample(graph: &Graph, outlets: &[Outlet]) -> Result<Feeds, String> {
    let inputs = signature::inputs(graph, outlets).map_err(|error| Chain(&error).to_string())?;
    let zeros = |id| {
        let node = graph.node(id);
        let attrs = node.attributes();
        let shape = attrs.shape("shape").ok().flatten().and_then(|shape| shape.sizes());
        let sizes = shape.filter(|sizes| !sizes.is_empty())?.into_iter().enumerate();
        let shape: Option<Vec<usize>> =
            sizes.map(|(axis, size)| if axis == 0 { size.or(Some(1)) } else { size }).collect();
        let floats = attrs.dtype("dtype").ok()? == Some(DType::F32);
        let tensor = if floats { Tensor::full(shape?, 0.0_f32).ok()? } else { return None };
        Some((node.name.clone(), tensor))
    };
    let unknown = |id| format!("input '{}' has no known shape of float32", graph.node(id).name);
    inputs.into_iter().map(|id| zeros(id).ok_or_else(|| unknown(id))).collect()
}
