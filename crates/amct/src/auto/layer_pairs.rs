//! Every quantized layer alone, next to its float version, both reading the same data. Sensitivities are
//! measured on these pairs.

use std::collections::{BTreeMap, BTreeSet};

use amct_artifacts::record::Record;
use amct_calibration::{Batches, tidied, weights};
use amct_graph::{Graph, NodeId, Outlet};
use amct_interpreter::{Feeds, Plan, PlanOptions};
use amct_rewrite::{LayerScan, QuantizableLayer};
use amct_tensor::{Tensor, internal};

use super::Stop;
use crate::Error;
use crate::layers_apart::{LayersApart, end};
use crate::pipeline::{self, Prepared};

/// Each quantized layer alone, twice: float and quantized. Both are fed what the layer reads during
/// calibration, so their outputs differ by what quantizing this layer does, and nothing else.
pub(super) struct LayerPairs {
    /// The calibration graph, which shows the layers' inputs.
    trunk: Plan,
    /// The placeholder that stands for an outlet of the trunk.
    placeholders: BTreeMap<Outlet, String>,
    pairs: Vec<Pair>,
}

struct Pair {
    name: String,
    float: Plan,
    quantized: Plan,
    /// What the two must be fed. Besides the layer's input these may be others, if a size is computed elsewhere.
    feeds: BTreeSet<String>,
}

impl LayerPairs {
    /// The pairs of all layers of a record, in graph order.
    ///
    /// # Errors
    /// A record that does not fit the graph.
    pub(super) fn new(prepared: &Prepared, record: &Record) -> Result<Self, Error> {
        let layers = || prepared.scan.layers.iter().filter(|layer| record.get(&layer.name).is_some());
        let (cut, placeholders) = cut(prepared, layers())?;
        let quantized = pipeline::quantize(&cut, record, "")?;
        let mut pairs = Vec::new();
        for layer in layers() {
            let end = cut.graph.node(end(layer)).name.clone();
            let plan = |graph: &Graph| -> Result<Plan, Error> {
                Ok(tidied::plan(graph, &[graph.outlet(&end)?], &PlanOptions::default())?)
            };
            let (float, quantized) = (plan(&cut.graph)?, plan(&quantized.graph)?);
            let feeds = float.feeds().iter().chain(quantized.feeds()).map(|feed| feed.name.clone()).collect();
            pairs.push(Pair { name: layer.name.clone(), float, quantized, feeds });
        }
        let scales: Vec<(&QuantizableLayer, &[f32])> =
            layers().filter_map(|layer| Some((layer, record.get(&layer.name)?.scale_w.as_slice()))).collect();
        let trunk = weights::fake_quantized(&prepared.graph, &scales)?;
        let observed = placeholders.keys().copied().collect();
        let trunk = tidied::plan(&trunk, &[], &PlanOptions { observed, ..PlanOptions::default() })?;
        Ok(Self { trunk, placeholders, pairs })
    }

    /// The layers, in the order of the indices that [`run`](Self::run) shows.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|pair| pair.name.as_str())
    }

    /// Runs all batches in order and shows the float and the quantized output of every layer.
    ///
    /// # Errors
    /// A run that fails, or [`AutoError::Stopped`](super::AutoError::Stopped) between two batches.
    pub(super) fn run(
        &self,
        batches: &dyn Batches,
        stop: &Stop,
        mut see: impl FnMut(usize, &Tensor, &Tensor) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for batch in 0..batches.len() {
            stop.check()?;
            let feeds = batches.feeds(batch)?;
            let mut values = feeds.clone();
            let mut waiting: Vec<(usize, &Pair)> = self.pairs.iter().enumerate().collect();
            self.trunk.run_observed(&feeds, &mut |outlet, value| -> Result<(), Error> {
                let placeholder = self.placeholders.get(&outlet);
                let placeholder = placeholder.ok_or_else(|| internal!("{outlet:?} is no layer's input"))?;
                values.insert(placeholder.as_str(), value.clone());
                let is_ready = |pair: &Pair| pair.feeds.iter().all(|feed| values.get(feed).is_some());
                let (ready, rest): (Vec<_>, Vec<_>) = waiting.iter().partition(|(_, pair)| is_ready(pair));
                for (index, pair) in ready {
                    let (float, quantized) = pair.run(&values)?;
                    see(index, &float, &quantized)?;
                }
                values.retain(|name| rest.iter().any(|(_, pair)| pair.feeds.contains(name)));
                waiting = rest;
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl Pair {
    fn run(&self, values: &Feeds) -> Result<(Tensor, Tensor), Error> {
        let output = |plan: &Plan| -> Result<Tensor, Error> {
            let value = plan.run(values)?.pop();
            let value = value.ok_or_else(|| internal!("layer '{}' alone has no output", self.name))?;
            Ok(value.simulated()?)
        };
        Ok((output(&self.float)?, output(&self.quantized)?))
    }
}

/// The graph in which every layer reads a placeholder instead of its input, and the ends of the layers
/// are the outputs; and the placeholders by the outlet that they stand for.
fn cut<'a>(
    prepared: &Prepared,
    layers: impl Iterator<Item = &'a QuantizableLayer> + Clone,
) -> Result<(Prepared, BTreeMap<Outlet, String>), Error> {
    let LayersApart { graph, placeholders } = LayersApart::new(&prepared.graph, layers.clone())?;
    let name = |id: NodeId| graph.node(id).name.clone();
    let names = placeholders.iter().map(|(&outlet, &id)| (outlet, name(id))).collect();
    let outputs: BTreeSet<String> = layers.clone().map(|layer| name(end(layer))).collect();
    let layers = layers.map(|layer| {
        let input = placeholders.get(&layer.input).map_or(layer.input, |&id| id.into());
        QuantizableLayer { input, ..layer.clone() }
    });
    let scan = LayerScan { layers: layers.collect(), ..LayerScan::default() };
    let outputs = outputs.into_iter().collect();
    let cut = Prepared { outputs, scan, fold: prepared.fold.clone(), shapes: BTreeMap::new(), graph };
    Ok((cut, names))
}

#[cfg(test)]
mod tests {
    use amct_artifacts::record::Record;

    use super::*;
    use crate::auto::testing::Case;
    use crate::pipeline::PrepareOptions;

    const GRAPHS: [&str; 9] =
        ["audio", "dilated", "efficientnet", "gated", "inception", "mobilenet_v1", "resnet", "ssd", "unet"];

    fn calibrated(case: &Case, batches: &dyn Batches) -> (Prepared, Record) {
        let options = PrepareOptions::default();
        let prepared = pipeline::prepare(&case.graph, &case.outputs, &options, Some(batches)).unwrap();
        let config = pipeline::default_config(&prepared, 1, true).unwrap();
        let record = pipeline::calibrate(&prepared, &config, batches, &Default::default()).unwrap().record;
        (prepared, record)
    }

    /// The value of a node when the whole graph runs.
    fn value(graph: &Graph, node: &str, case: &Case) -> Tensor {
        let plan = tidied::plan(graph, &[graph.outlet(node).unwrap()], &PlanOptions::default()).unwrap();
        plan.run(&case.feeds()).unwrap().pop().unwrap().simulated().unwrap()
    }

    #[test]
    fn every_layer_of_every_graph_is_shown_once_a_batch() {
        for name in GRAPHS {
            let case = Case::load(name);
            let batches = vec![case.feeds(); 2];
            let (prepared, record) = calibrated(&case, &batches);
            let pairs = LayerPairs::new(&prepared, &record).unwrap();
            let mut seen = vec![0; record.entries.len()];
            pairs
                .run(&batches, &Stop::default(), |index, float, quantized| {
                    assert_eq!(float.shape(), quantized.shape());
                    assert!(float.as_slice::<f32>().is_ok() && quantized.as_slice::<f32>().is_ok());
                    seen[index] += 1;
                    Ok(())
                })
                .unwrap();
            assert_eq!(seen, vec![2; record.entries.len()], "{name}");
        }
    }

    /// The first layer reads the same in the calibration graph as in a graph in which only it is
    /// quantized.
    #[test]
    fn the_first_layer_is_what_it_is_within_the_graph() {
        for name in ["mobilenet_v1", "resnet", "unet"] {
            let case = Case::load(name);
            let batches = [case.feeds()];
            let (prepared, record) = calibrated(&case, &batches);
            let first = &prepared.scan.layers[0];
            let end = prepared.graph.node(end(first)).name.clone();
            let mut outputs = prepared.outputs.clone();
            outputs.push(end.clone());
            let only_first = Prepared { outputs, ..prepared.clone() };
            let entry = Record { entries: vec![record.get(&first.name).unwrap().clone()] };
            let quantized = pipeline::quantize(&only_first, &entry, "").unwrap().graph;
            let expected = (value(&prepared.graph, &end, &case), value(&quantized, &end, &case));
            assert_ne!(expected.0, expected.1);
            let pairs = LayerPairs::new(&prepared, &record).unwrap();
            let mut found = None;
            pairs
                .run(&batches, &Stop::default(), |index, float, quantized| {
                    if index == 0 {
                        found = Some((float.clone(), quantized.clone()));
                    }
                    Ok(())
                })
                .unwrap();
            assert_eq!(found, Some(expected), "{name}");
        }
    }

    #[test]
    fn the_end_may_be_asked_for() {
        let case = Case::load("gated");
        let batches = [case.feeds()];
        let (prepared, record) = calibrated(&case, &batches);
        let stop = Stop::default();
        stop.request();
        let run = LayerPairs::new(&prepared, &record).unwrap().run(&batches, &stop, |_, _, _| Ok(()));
        assert_eq!(run.unwrap_err().to_string(), "interrupted");
    }
}
