use std::collections::{BTreeMap, BTreeSet};

use amct_artifacts::config::QuantConfig;
use amct_artifacts::record::{Record, RecordEntry};
use amct_calibration::{Batches, Progress};
use amct_graph::NodeId;

use crate::Error;
use crate::pipeline::{self, Prepared, Quantized};

/// One configuration, calibrated and quantized.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) config: QuantConfig,
    pub(super) record: Record,
    pub(super) quantized: Quantized,
    /// The layers that the configuration at the start quantizes and this one does not, in graph order.
    pub(super) rolled_back: Vec<String>,
}

/// Makes candidates out of one graph, each calibrated as if it were alone.
pub(super) struct Candidates<'a> {
    prepared: &'a Prepared,
    config: &'a QuantConfig,
    batches: &'a Batches<'a>,
    progress: &'a (dyn Fn(Progress) + Sync),
    prefix: &'a str,
    /// The layers with weights that the input of a layer depends on.
    before: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// What was found for a layer when these of the layers before it were quantized. Nothing else that
    /// changes between configurations can reach its input: activations stay float during calibration,
    /// and fake-quantized weights do not depend on data.
    known: BTreeMap<(&'a str, BTreeSet<&'a str>), RecordEntry>,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(
        prepared: &'a Prepared,
        config: &'a QuantConfig,
        batches: &'a Batches<'a>,
        progress: &'a (dyn Fn(Progress) + Sync),
        prefix: &'a str,
    ) -> Result<Self, Error> {
        let layers = &prepared.scan.layers;
        let mut before = BTreeMap::new();
        for layer in layers {
            let needed: BTreeSet<NodeId> =
                prepared.graph.needed_by(&[layer.input.node])?.into_iter().collect();
            let with_weights =
                layers.iter().filter(|other| other.weights.is_some() && needed.contains(&other.node));
            before.insert(layer.name.as_str(), with_weights.map(|other| other.name.as_str()).collect());
        }
        Ok(Self { prepared, config, batches, progress, prefix, before, known: BTreeMap::new() })
    }

    /// The layers that the configuration at the start quantizes, in the order of its file.
    pub(super) fn layers(&self) -> Vec<String> {
        let scanned = |name: &str| self.before.contains_key(name);
        let layers = self.config.layers.iter().filter(|(name, layer)| layer.quant_enable && scanned(name));
        layers.map(|(name, _)| name.clone()).collect()
    }

    /// The candidate that gives these layers back to float.
    ///
    /// # Errors
    /// Those of [`pipeline::calibrate`] and [`pipeline::quantize`].
    pub(super) fn make(&mut self, rolled_back: &BTreeSet<&str>) -> Result<Candidate, Error> {
        let mut config = self.config.clone();
        let mut given_back = Vec::new();
        let mut quantized = BTreeSet::new();
        for layer in &self.prepared.scan.layers {
            let Some(entry) = config.layers.get_mut(&layer.name).filter(|entry| entry.quant_enable) else {
                continue;
            };
            if rolled_back.contains(layer.name.as_str()) {
                entry.quant_enable = false;
                given_back.push(layer.name.clone());
            } else {
                quantized.insert(layer.name.as_str());
            }
        }
        let key = |name: &'a str, before: &BTreeSet<&'a str>| {
            (name, before.intersection(&quantized).copied().collect::<BTreeSet<&str>>())
        };
        let keys: Vec<_> = self.before.iter().map(|(name, before)| key(name, before)).collect();
        let known = Record { entries: keys.iter().filter_map(|key| self.known.get(key)).cloned().collect() };
        let record =
            pipeline::calibrate_unknown(self.prepared, &config, &known, self.batches, self.progress)?;
        for key in keys {
            if let Some(entry) = record.get(key.0) {
                self.known.insert(key, entry.clone());
            }
        }
        let quantized = pipeline::quantize(self.prepared, &record, self.prefix)?;
        Ok(Candidate { config, record, quantized, rolled_back: given_back })
    }
}
