//! One configuration of a search, calibrated and quantized, and what makes it. What was calibrated for
//! one candidate is used again for the next, where the result would be the same.

use std::collections::{BTreeMap, BTreeSet};

use amct_artifacts::config::QuantConfig;
use amct_artifacts::record::{Record, RecordEntry};
use amct_calibration::{Batches, Progress};
use amct_graph::NodeId;

use crate::Error;
use crate::pipeline::{self, CalibrateOptions, Prepared, Quantized};

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
    batches: &'a dyn Batches,
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
        batches: &'a dyn Batches,
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
        let options = CalibrateOptions::default().with_known(&known).with_progress(self.progress);
        let record = pipeline::calibrate(self.prepared, &config, self.batches, &options)?.record;
        for key in keys {
            // Not what only says that nothing is folded into a layer.
            if let Some(entry) = record.get(key.0).filter(|entry| entry.scale_d.is_some()) {
                self.known.insert(key, entry.clone());
            }
        }
        let quantized = pipeline::quantize(self.prepared, &record, self.prefix)?;
        Ok(Candidate { config, record, quantized, rolled_back: given_back })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use amct_artifacts::config::activation::HFMG;
    use amct_calibration::from_fn;
    use amct_interpreter::Feeds;

    use super::*;
    use crate::auto::testing::Case;
    use crate::pipeline::PrepareOptions;

    fn use_hfmg(config: &mut QuantConfig, _: &Prepared) {
        config.use_algorithm(&HFMG);
    }

    fn use_dmq(config: &mut QuantConfig, prepared: &Prepared) {
        pipeline::set_dmq_balancer(config, prepared, 0.5).unwrap();
    }

    fn use_shift_bits(config: &mut QuantConfig, _: &Prepared) {
        config.joint_quant = true;
    }

    /// Layers that are not quantized are in the record as well then.
    fn use_no_fusion(config: &mut QuantConfig, _: &Prepared) {
        config.do_fusion = false;
    }

    /// What is taken from an earlier configuration is what calibration would find again, and what it
    /// would not find is not taken.
    #[test]
    fn each_candidate_is_as_if_it_were_alone() {
        for name in ["mobilenet_v1", "inception", "resnet"] {
            for change in
                [|_: &mut QuantConfig, _: &Prepared| {}, use_hfmg, use_dmq, use_shift_bits, use_no_fusion]
            {
                candidates_are_as_if_alone(name, change);
            }
        }
    }

    fn candidates_are_as_if_alone(name: &str, change: fn(&mut QuantConfig, &Prepared)) {
        let case = Case::load(name);
        let loads = AtomicUsize::new(0);
        let batches = from_fn(1, |_| -> Result<Feeds, String> {
            loads.fetch_add(1, Ordering::Relaxed);
            Ok(case.feeds())
        });
        let options = |do_fusion| PrepareOptions { do_fusion, ..PrepareOptions::default() };
        let prepare =
            |options| pipeline::prepare(&case.graph, &case.outputs, &options, Some(&batches)).unwrap();
        let mut prepared = prepare(options(true));
        let mut config = pipeline::default_config(&prepared, 1, true).unwrap();
        change(&mut config, &prepared);
        if !config.do_fusion {
            prepared = prepare(options(false));
        }
        let mut candidates = Candidates::new(&prepared, &config, &batches, &|_| {}, "m").unwrap();
        let layers = &prepared.scan.layers;
        assert_eq!(candidates.layers().len(), layers.len());
        let (first, last) = (layers[0].name.as_str(), layers[layers.len() - 1].name.as_str());
        let mut records = Vec::new();
        for rolled_back in [&[][..], &[first], &[last], &[first, last], &[first], &[]] {
            let rolled_back: BTreeSet<&str> = rolled_back.iter().copied().collect();
            let candidate = candidates.make(&rolled_back).unwrap();
            let mut alone = config.clone();
            for layer in &rolled_back {
                alone.layers.get_mut(*layer).unwrap().quant_enable = false;
            }
            assert_eq!(candidate.config, alone);
            assert_eq!(candidate.rolled_back.len(), rolled_back.len());
            let options = CalibrateOptions::default();
            let expected = pipeline::calibrate(&prepared, &alone, &batches, &options).unwrap().record;
            assert_eq!(candidate.record, expected, "{name} without {rolled_back:?}");
            records.push(candidate.record);
        }
        let changed = |entry: &&RecordEntry| records[0].get(&entry.key) != Some(entry);
        assert!(
            records[1].entries.iter().filter(changed).count() > 0,
            "{name}: a layer changes those behind"
        );
        let before = loads.load(Ordering::Relaxed);
        candidates.make(&BTreeSet::from([first, last])).unwrap();
        // The balance factors are looked for each time.
        let is_balanced = config.layers.values().any(|layer| layer.dmq_balancer_param.is_some());
        assert_eq!(loads.load(Ordering::Relaxed) == before, !is_balanced, "{name}: all is known already");
    }
}
