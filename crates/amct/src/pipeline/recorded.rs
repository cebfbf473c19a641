//! What a record may say of a graph.

use std::collections::{BTreeMap, BTreeSet};

use amct_artifacts::record::{Record, RecordEntry, RecordError, RecordLayer, ShiftBit};
use amct_graph::LayerKind;
use amct_rewrite::{QuantizableLayer, TENSOR_OPS};

use super::Prepared;
use crate::Error;

/// Whose rules a record has to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordRules {
    /// Those of a record from calibration.
    Calibrated,
    /// Those of AMCT's `convert_model`, which takes fewer layers and no shift bits.
    Converted,
}

/// The entries that quantize something: the others only switch fusion off, which is done by now.
pub(crate) fn factors(record: &Record) -> Record {
    let is_marker =
        |entry: &RecordEntry| entry.is_without_factors() && entry.tensor_balance_factor.is_empty();
    Record { entries: record.entries.iter().filter(|entry| !is_marker(entry)).cloned().collect() }
}

/// The layers that nothing is folded into, by the last entry of each.
pub(crate) fn skipped_fusions(record: &Record) -> BTreeSet<String> {
    let keys = record.entries.iter().map(|entry| entry.key.as_str());
    keys.filter(|key| record.get(key).is_some_and(RecordEntry::skips_fusion)).map(str::to_owned).collect()
}

/// Checks the values of a record's factors, and whether they fit the graph, which is called `model`
/// in the error.
///
/// # Errors
/// The first fault.
pub(crate) fn check(
    prepared: &Prepared,
    factors: &Record,
    rules: RecordRules,
    model: &str,
) -> Result<(), RecordError> {
    let mut graph = BTreeMap::new();
    for entry in &factors.entries {
        let names = [Some(entry.key.as_str()), entry.tensor().map(|(node, _)| node)];
        for name in names.into_iter().flatten() {
            if let Some(layer) = record_layer(prepared, name, entry, rules) {
                graph.insert(name.to_owned(), layer);
            }
        }
    }
    factors.check_graph(&graph, model)
}

/// Whether an entry asks for something that would be lost.
///
/// # Errors
/// [`Error::Unsupported`] naming the layer and the field.
pub(crate) fn check_features(entry: &RecordEntry) -> Result<(), Error> {
    let fields = [
        ("cluster", !entry.cluster.is_empty(), "non-uniform quantization"),
        ("prune_producer", !entry.prune_producer.is_empty(), "pruning"),
        ("prune_consumer", !entry.prune_consumer.is_empty(), "pruning"),
    ];
    match fields.iter().find(|(_, is_there, _)| *is_there) {
        None => Ok(()),
        Some((field, _, feature)) => Err(Error::Unsupported(format!(
            "the record of layer '{}' has {field}, but amct has no {feature}; delete {field}, with factors \
             that were found without it",
            entry.key
        ))),
    }
}

fn record_layer(
    prepared: &Prepared,
    name: &str,
    entry: &RecordEntry,
    rules: RecordRules,
) -> Option<RecordLayer> {
    let node = prepared.graph.node(prepared.graph.find(name)?);
    let layer = prepared.scan.layers.iter().find(|layer| layer.name == name);
    let weights = layer.and_then(|layer| Some((layer, layer.weights.as_ref()?)));
    let reason = match layer {
        Some(layer) if rules == RecordRules::Converted => not_converted(prepared, layer),
        Some(_) => None,
        None => not_quantizable(prepared, name, &node.op),
    };
    Some(RecordLayer {
        op_type: node.op.clone(),
        quantizable: layer.is_some() && reason.is_none(),
        reason,
        takes_tensors: TENSOR_OPS.contains(&node.op.as_str()),
        weight_channels: weights
            .map(|(layer, weights)| if layer.kind.may_be_channel_wise() { weights.channels } else { 1 }),
        // How many the input has is not known before the graph runs.
        input_channels: weights.map(|_| entry.tensor_balance_factor.len()),
        shift_bit: match (rules, weights) {
            (RecordRules::Calibrated, Some(_)) => ShiftBit::Optional,
            _ => ShiftBit::Forbidden,
        },
    })
}

/// Why a layer is none for `convert_model`.
fn not_converted(prepared: &Prepared, layer: &QuantizableLayer) -> Option<String> {
    match layer.kind {
        LayerKind::Conv3d | LayerKind::BatchMatMul => Some(
            "convert_model quantizes Conv2D, DepthwiseConv2dNative, Conv2DBackpropInput, MatMul and AvgPool only"
                .to_owned(),
        ),
        LayerKind::DepthwiseConv2d => {
            let attrs = prepared.graph.node(layer.node).attributes();
            let dilations = attrs.ints("dilations").unwrap_or_default();
            let is_dilated = dilations.iter().any(|&dilation| dilation != 1);
            is_dilated.then(|| {
                format!("its dilations are {dilations:?}; convert_model quantizes it only without dilation")
            })
        }
        _ => None,
    }
}

/// Why a node of a quantizable type is no layer.
fn not_quantizable(prepared: &Prepared, name: &str, op: &str) -> Option<String> {
    match prepared.scan.nodes.reason(name) {
        Some(reason) => Some(reason.to_string()),
        None => LayerKind::of_op(op).map(|_| "no requested output needs it".to_owned()),
    }
}
