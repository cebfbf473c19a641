//! The step from a record to a quantized graph, which is refused if it breaks a rule of ATC.

use std::collections::BTreeMap;

use amct_artifacts::quant_info::{OpInfo, OutputOrigin, QuantInfo};
use amct_artifacts::record::{Record, RecordEntry, RecordError};
use amct_calibration::weights;
use amct_graph::{Graph, NodeId};
use amct_rewrite::provenance::{Told, compose};
use amct_rewrite::{
    Counterparts, InsertOptions, LayerQuantization, NodeOrigin, QuantizableLayer, RewriteError, Severity,
    TensorQuantization, drop_uncalled_library, insert_quantization, tell_input_shapes, verify_beside,
};
use amct_tensor::quantization::ActivationParams;
use rayon::prelude::*;

use super::recorded::{self, RecordRules};
use super::{Prepared, balance};
use crate::Error;

/// A quantized graph.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Quantized {
    /// The graph.
    pub graph: Graph,
    /// Which original nodes each of its nodes stands for.
    pub info: QuantInfo,
    /// Names of the quantized layers.
    pub layers: Vec<String>,
}

/// Writes the factors of a record into the graph: those of layers, and, under `<node>:<input>`, those
/// of tensors that are quantized by themselves. `name` goes into the quantization info.
///
/// What comes out keeps the rules of ATC: where the float graph does not tell rank and channels of an input
/// that is quantized they are written there, and a library of functions that no node calls is left out.
///
/// # Errors
/// A record that does not fit the graph, a bias that leaves int32, [`Error::Contract`] for what ATC would
/// not take all the same, because the float graph is not.
pub fn quantize(prepared: &Prepared, record: &Record, name: &str) -> Result<Quantized, Error> {
    let record = &recorded::factors(record);
    recorded::check(prepared, record, RecordRules::Calibrated, "the model")?;
    record.entries.iter().try_for_each(recorded::check_features)?;
    let factors = balance::recorded_factors(record);
    let balanced = if factors.is_empty() { None } else { Some(balance::balanced(prepared, &factors)?) };
    let folded = &prepared.graph;
    let prepared = balanced.as_ref().map_or(prepared, |(with_factors, _)| with_factors);
    let layers = prepared.scan.layers.par_iter().filter_map(|layer| {
        let entry = record.get(&layer.name)?;
        Some(layer_quantization(prepared, layer, entry))
    });
    // Collected before the first error is looked for, so that it is that of the first layer.
    let layers: Vec<_> = layers.collect();
    let layers: Vec<LayerQuantization> = layers.into_iter().collect::<Result<_, _>>()?;
    let mut graph = prepared.graph.clone();
    let options = InsertOptions {
        outputs: prepared.outputs.clone(),
        tensors: tensors(&prepared.graph, record),
        ..InsertOptions::default()
    };
    let report = insert_quantization(&mut graph, &layers, &options)?;
    let fold = prepared.fold.told();
    let after_folding: Vec<&Told> =
        balanced.iter().map(|(_, balanced)| &balanced.told).chain([&report.told]).collect();
    let told: Vec<&Told> = [&fold].into_iter().chain(after_folding.iter().copied()).collect();
    let origins = |passes: &[&Told]| compose(&graph, passes).map_err(RewriteError::from);
    let ops = origins(&told)?.into_iter().map(op_info).collect();
    let of_folded = origins(&after_folding)?;
    tell_input_shapes(&mut graph, &prepared.shapes)?;
    drop_uncalled_library(&mut graph)?;
    check(Counterparts::told(&graph, folded, &prepared.outputs, &of_folded), &graph, &prepared.outputs)?;
    Ok(Quantized { graph, info: QuantInfo { name: name.to_owned(), ops }, layers: report.layers })
}

/// Makes sure that the graph keeps the rules of ATC, whatever the float one was like, and leaves alone what is not
/// quantized.
fn check(folded: Counterparts<'_>, graph: &Graph, outputs: &[String]) -> Result<(), Error> {
    let mut violations = verify_beside(graph, folded, outputs);
    violations.retain(|violation| violation.severity == Severity::Must);
    if violations.is_empty() { Ok(()) } else { Err(Error::Contract(violations)) }
}

fn layer_quantization(
    prepared: &Prepared,
    layer: &QuantizableLayer,
    entry: &RecordEntry,
) -> Result<LayerQuantization, Error> {
    let (Some(scale), Some(offset)) = (entry.scale_d, entry.offset_d) else {
        let field = if entry.scale_d.is_none() { "scale_d" } else { "offset_d" };
        return Err(RecordError::MissingActivation { field, layer: layer.name.clone() }.into());
    };
    Ok(LayerQuantization {
        layer: layer.clone(),
        activation: ActivationParams { scale, offset },
        scale_w: entry.scale_w.clone(),
        weights: weights::quantize(&prepared.graph, layer, &entry.scale_w)?,
        // What is too large for a u8 is refused with the layer's name, as what is too large for a shift.
        shift_bits: entry.shift_bit.iter().map(|&bits| u8::try_from(bits).unwrap_or(u8::MAX)).collect(),
        truncate_deq_scale: entry.forces_fp16(),
    })
}

/// The tensors of a record, each by its last entry.
fn tensors(graph: &Graph, record: &Record) -> Vec<TensorQuantization> {
    let mut found: BTreeMap<(NodeId, usize), TensorQuantization> = BTreeMap::new();
    for entry in &record.entries {
        let Some((node, input)) = entry.tensor() else { continue };
        let (Some(node), Ok(input)) = (graph.find(node), usize::try_from(input)) else { continue };
        let (Some(scale), Some(offset)) = (entry.scale_d, entry.offset_d) else { continue };
        let activation = ActivationParams { scale, offset };
        found.insert((node, input), TensorQuantization { node, input, activation });
    }
    found.into_values().collect()
}

fn op_info(origin: NodeOrigin) -> OpInfo {
    OpInfo {
        name: origin.name,
        op_type: origin.op,
        original_op_names: Some(origin.original),
        output: origin.output_of.map(|name| OutputOrigin {
            name,
            index: 0,
            format: Some("NHWC".to_owned()),
            data_type: Some("DT_FLOAT".to_owned()),
        }),
    }
}
