//! Quantizing by a record file, which two of AMCT's functions do; checks the record against the graph.

use std::path::Path;

use amct_artifacts::record::{Record, RecordError};
use amct_graph::Graph;

use crate::pipeline::recorded::{self, RecordRules};
use crate::pipeline::{self, Artifacts, Outputs, PrepareOptions};
use crate::{Error, graphdef, signature};

/// Quantizes a float model with the factors of a record file.
pub(super) fn quantize(
    pb_model: &Path,
    outputs: &[String],
    record_file: &Path,
    save_path: &str,
    rules: RecordRules,
) -> Result<(), Error> {
    let files = Outputs::new(save_path)?;
    let original = graphdef::load(pb_model)?;
    let outputs = signature::outputs(&original, outputs)?;
    let record = Record::read(record_file)?;
    let model = pb_model.display().to_string();
    let factors = recorded::factors(&record);
    check_markers(&original, &record, &model)?;
    if factors.entries.is_empty() {
        return Err(RecordError::Empty.into());
    }
    let options = PrepareOptions {
        skip_fusion_layers: recorded::skipped_fusions(&record),
        ..PrepareOptions::default()
    };
    let prepared = pipeline::prepare(&original, &outputs, &options, None)?;
    recorded::check(&prepared, &factors, rules, &model)?;
    let quantized = pipeline::quantize(&prepared, &factors, files.prefix())?;
    let left = prepared.scan.layers.iter().filter(|layer| factors.get(&layer.name).is_none());
    for layer in left {
        log::info!(target: "save_model", "layer '{}' stays float: it is not in the record", layer.name);
    }
    files.save(&Artifacts { quantized: &quantized, config: None, record: None })
}

/// An entry that only switches fusion off must name a node too.
fn check_markers(original: &Graph, record: &Record, model: &str) -> Result<(), RecordError> {
    let is_marker = |key: &str| record.get(key).is_some_and(|entry| entry.is_without_factors());
    let mut keys = record.entries.iter().map(|entry| entry.key.as_str()).filter(|key| is_marker(key));
    match keys.find(|key| original.find(key).is_none()) {
        Some(key) => Err(RecordError::NotInGraph { key: key.to_owned(), model: model.to_owned() }),
        None => Ok(()),
    }
}
