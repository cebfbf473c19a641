//! The float layers that the quantized ones were made of, each ready to run on an input of its own.

use std::collections::BTreeMap;

use amct_calibration::tidied;
use amct_graph::{Graph, LayerKind, Node, NodeId, QuantizedLayer};
use amct_interpreter::{Plan, PlanOptions};
use amct_rewrite::provenance::Counterparts;
use amct_rewrite::qat::is_fake_quant;
use amct_rewrite::{FoldedGroup, QuantizableLayer};
use amct_tensor::{Chain, Tensor, internal};

use super::Unmatched;
use crate::Error;
use crate::layers_apart::{self, LayersApart};
use crate::pipeline::{PrepareOptions, Prepared, balance, prepare, prepare_qat};

/// The float model folded as the quantized one was.
pub(super) struct FloatLayers {
    folded: Result<Folded, String>,
}

struct Folded {
    prepared: Prepared,
    apart: LayersApart,
}

/// A float layer by itself: what lies between the value that is quantized and the layer, the layer and its
/// bias, with what was folded into them.
pub(super) struct FloatLayer {
    plan: Plan,
    feed: String,
}

impl FloatLayer {
    /// The layer's output for an input.
    pub(super) fn run(&self, input: &Tensor) -> Result<Tensor, Error> {
        let results = self.plan.run(&[(self.feed.as_str(), input.clone())].into())?;
        let result = results.into_iter().next();
        Ok(result
            .ok_or_else(|| internal!("a float layer alone, fed '{}', has no output", self.feed))?
            .plain()?)
    }
}

impl FloatLayers {
    pub(super) fn new(
        quantized: &Graph,
        counterparts: &Counterparts<'_>,
        outputs: &[String],
        layers: &[QuantizedLayer],
    ) -> Self {
        let folded = prepared(counterparts, outputs)
            .and_then(|prepared| balanced(prepared, quantized, (counterparts, layers)))
            .and_then(Folded::new);
        Self { folded: folded.map_err(|error| Chain(&error).to_string()) }
    }

    /// What was folded.
    pub(super) fn groups(&self) -> &[FoldedGroup] {
        self.folded.as_ref().map_or(&[], |folded| &folded.prepared.fold.groups)
    }

    /// What could be quantized, by the op, and is not among `quantized`.
    pub(super) fn left_float(&self, quantized: &[&str]) -> Vec<Unmatched> {
        let Ok(Folded { prepared, .. }) = &self.folded else { return Vec::new() };
        let left = |layer: &&QuantizableLayer| {
            let group = layer.group.as_ref().map_or(&[][..], |group| &group.members);
            let names = group.iter().map(|&id| prepared.graph.node(id).name.as_str());
            !names.chain([layer.name.as_str()]).any(|name| quantized.contains(&name))
        };
        let layers = prepared.scan.layers.iter().filter(left).map(|layer| Unmatched {
            node: layer.name.clone(),
            reason: "it can be quantized, but is float in the quantized model".to_owned(),
        });
        let skipped = prepared.scan.nodes.skipped();
        let skipped =
            skipped.map(|(name, reason)| Unmatched { node: name.to_owned(), reason: reason.to_string() });
        layers.chain(skipped).collect()
    }

    /// Smallest and largest weight of each output channel; none of a layer without weights.
    pub(super) fn weights(&self, name: &str) -> Result<Vec<[f32; 2]>, Error> {
        let Ok(Folded { prepared, .. }) = &self.folded else { return Ok(Vec::new()) };
        let layer = prepared.scan.layers.iter().find(|layer| layer.name == name);
        let Some(weights) = layer.and_then(|layer| layer.weights.as_ref()) else { return Ok(Vec::new()) };
        let values = prepared.graph.decode_const(weights.constant)?;
        let mut ranges = vec![[f32::INFINITY, f32::NEG_INFINITY]; weights.channels];
        for (index, &w) in super::values::values(&values)?.iter().enumerate() {
            let channel = index / weights.run.max(1) % weights.channels.max(1);
            if let Some([low, high]) = ranges.get_mut(channel) {
                (*low, *high) = (low.min(w), high.max(w));
            }
        }
        Ok(ranges)
    }

    /// The layer of that name.
    ///
    /// # Errors
    /// Why there is none, as text.
    pub(super) fn layer(&self, name: &str) -> Result<FloatLayer, String> {
        let folded = self.folded.as_ref().map_err(Clone::clone)?;
        folded.layer(name)
    }
}

impl Folded {
    fn new(prepared: Prepared) -> Result<Self, Error> {
        let apart = LayersApart::new(&prepared.graph, &prepared.scan.layers)?;
        Ok(Self { prepared, apart })
    }

    fn layer(&self, name: &str) -> Result<FloatLayer, String> {
        let layers = &self.prepared.scan.layers;
        let layer = layers.iter().find(|layer| layer.name == name);
        let (layer, feed) = layer
            .and_then(|layer| Some((layer, self.apart.feed(layer)?)))
            .ok_or_else(|| format!("the float model has no layer '{name}' that can be quantized"))?;
        let end = layers_apart::end(layer).into();
        let plan = tidied::plan(&self.apart.graph, &[end], &PlanOptions::default());
        let plan = plan.map_err(|error| Chain(&error).to_string())?;
        // Of a layer that reads its data in another way, too, the float output would be another.
        match plan.feeds() {
            [only] if only.name == feed => Ok(FloatLayer { feed: feed.to_owned(), plan }),
            _ => Err(format!("layer '{name}' reads more than the value that is quantized")),
        }
    }
}

/// The float graph, folded where the quantized one is.
fn prepared(counterparts: &Counterparts<'_>, outputs: &[String]) -> Result<Prepared, Error> {
    let float = counterparts.original();
    if float.nodes().any(|(_, node)| is_fake_quant(node)) {
        return Ok(prepare_qat(float, outputs)?.0);
    }
    // Into which layers is known; what they were made of is computed again, for it is in neither file.
    let is_left_alone = |(id, node): &(NodeId, &Node)| {
        LayerKind::of_op(&node.op).is_some_and(|kind| kind.weight_input().is_some())
            && !counterparts.is_folded(*id)
    };
    let left_alone = float.nodes().filter(is_left_alone).map(|(_, node)| node.name.as_str());
    let options = PrepareOptions::default().with_skipped_layers(left_alone);
    prepare(float, outputs, &options, None)
}

/// The prepared graph with the factors that balance the quantized one.
fn balanced(
    prepared: Prepared,
    quantized: &Graph,
    (counterparts, layers): (&Counterparts<'_>, &[QuantizedLayer]),
) -> Result<Prepared, Error> {
    let mut factors = BTreeMap::new();
    for layer in layers {
        let before = quantized.node(layer.quant).inputs.first().map(|outlet| outlet.node);
        let product = before.filter(|&id| counterparts.is_balancing(id)).map(|id| quantized.node(id));
        let Some(&factor) = product.and_then(|node| node.inputs.get(1)) else { continue };
        let Some(constant) = quantized.constant(factor)? else { continue };
        let inverse = constant.as_slice::<f32>()?;
        factors.insert(layer.name.clone(), inverse.iter().map(|factor| 1.0 / factor).collect());
    }
    if factors.is_empty() {
        return Ok(prepared);
    }
    Ok(balance::balanced(&prepared, &factors)?.0)
}
