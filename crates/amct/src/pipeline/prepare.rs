//! The first step of a job: folds what follows layers, and finds the layers that can be quantized.

use std::collections::{BTreeMap, BTreeSet};

use amct_calibration::{Batches, layer_inputs, probe_shapes, tidied};
use amct_graph::{Graph, NodeId, Outlet};
use amct_rewrite::qat::is_fake_quant;
use amct_rewrite::{
    FoldOptions, FoldReport, LayerScan, QuantizableLayer, already_quantized, fold, scan_layers,
};

use crate::{Error, signature};

/// What [`prepare`] may do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PrepareOptions {
    /// Whether batch norm, factors and summands are folded into layers (`do_fusion`).
    pub do_fusion: bool,
    /// Layers that nothing is folded into (`skip_fusion_layers`).
    pub skip_fusion_layers: BTreeSet<String>,
}

impl Default for PrepareOptions {
    fn default() -> Self {
        Self { do_fusion: true, skip_fusion_layers: BTreeSet::new() }
    }
}

impl PrepareOptions {
    /// The same, with or without folding.
    #[must_use]
    pub fn with_fusion(self, do_fusion: bool) -> Self {
        Self { do_fusion, ..self }
    }

    /// The same, where nothing is folded into these layers.
    #[must_use]
    pub fn with_skipped_layers<L: Into<String>>(self, layers: impl IntoIterator<Item = L>) -> Self {
        Self { skip_fusion_layers: layers.into_iter().map(Into::into).collect(), ..self }
    }
}

/// A graph ready for calibration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Prepared {
    /// The graph with batch norm, factors and summands folded.
    pub graph: Graph,
    /// The requested outputs.
    pub outputs: Vec<String>,
    /// What was folded, and what was not and why.
    pub fold: FoldReport,
    /// The layers that can be quantized, and the others with the reasons.
    pub scan: LayerScan,
    /// Shapes of the layers' inputs, for the first batch.
    pub shapes: BTreeMap<Outlet, Vec<usize>>,
}

/// Folds what follows layers and finds the layers to quantize. The first of `batches` is run once to learn
/// the shapes.
///
/// Without batches, for factors that are known already, nothing is run and no shape is known. Shapes only
/// decide how many weight scales a layer gets by default.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use amct::pipeline::{PrepareOptions, prepare};
///
/// let graph = amct::graphdef::load("tests/golden/graphs/mobilenet_v1.pb".as_ref())?;
/// let outputs = amct::signature::outputs(&graph, &[])?;
/// let prepared = prepare(&graph, &outputs, &PrepareOptions::default(), None)?;
/// assert!(!prepared.scan.layers.is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// An already quantized graph, one with fake quantization, batch norm in training mode, a graph that
/// does not run on the batches, or no layer to quantize.
pub fn prepare(
    original: &Graph,
    outputs: &[String],
    options: &PrepareOptions,
    batches: Option<&dyn Batches>,
) -> Result<Prepared, Error> {
    let (graph, fold) = folded(original, outputs, options)?;
    let outlets = signature::outlets(&graph, outputs)?;
    let shapes = match batches {
        Some(batches) => probe_shapes(&graph, &outlets, &layer_inputs(&graph, &outlets)?, batches)?,
        None => BTreeMap::new(),
    };
    let mut scan = scan_layers(&graph, outputs, &|outlet| shapes.get(&outlet).cloned())?;
    // A layer that the outputs do not need is never run, so it cannot be calibrated.
    if batches.is_some() {
        keep_needed(&mut scan, |layer| shapes.contains_key(&layer.input))?;
    } else {
        let computed = computed(&graph, outputs)?;
        keep_needed(&mut scan, |layer| computed.contains(&layer.node))?;
    }
    Ok(Prepared { graph, outputs: outputs.to_vec(), fold, scan, shapes })
}

fn folded(
    original: &Graph,
    outputs: &[String],
    options: &PrepareOptions,
) -> Result<(Graph, FoldReport), Error> {
    if let Some(names) = already_quantized(original) {
        return Err(Error::AlreadyQuantized(names));
    }
    let fake = original.nodes().filter(|(_, node)| is_fake_quant(node)).map(|(_, node)| node.name.clone());
    let fake: Vec<String> = fake.collect();
    if !fake.is_empty() {
        return Err(Error::FakeQuant(fake));
    }
    let mut graph = original.clone();
    let fold = fold(
        &mut graph,
        &FoldOptions {
            enabled: options.do_fusion,
            skip_layers: options.skip_fusion_layers.clone(),
            outputs: outputs.to_vec(),
        },
    )?;
    check_training(&graph, outputs, &fold)?;
    Ok((graph, fold))
}

/// The nodes that a run computes.
fn computed(graph: &Graph, outputs: &[String]) -> Result<BTreeSet<NodeId>, Error> {
    let outlets = signature::outlets(graph, outputs)?;
    Ok(tidied::computed(graph, &outlets, &[])?.into_iter().collect())
}

/// Refuses batch norm in training mode, unless no output needs it.
pub(super) fn check_training(graph: &Graph, outputs: &[String], fold: &FoldReport) -> Result<(), Error> {
    let mut training: Vec<String> = fold.training().map(str::to_owned).collect();
    if !training.is_empty() {
        let computed = computed(graph, outputs)?;
        training.retain(|name| graph.find(name).is_some_and(|id| computed.contains(&id)));
    }
    if training.is_empty() { Ok(()) } else { Err(Error::TrainingBatchNorm(training)) }
}

/// Leaves out the layers that no output needs.
fn keep_needed(scan: &mut LayerScan, is_needed: impl Fn(&QuantizableLayer) -> bool) -> Result<(), Error> {
    scan.layers.retain(|layer| {
        let needed = is_needed(layer);
        if !needed {
            log::warn!(target: "scan_layers", "layer '{}' is not quantized: no requested output needs it", layer.name);
        }
        needed
    });
    if scan.layers.is_empty() {
        let reasons = scan.nodes.skipped().map(|(name, reason)| (name.to_owned(), reason.to_string()));
        return Err(Error::NothingToQuantize(reasons.collect()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use amct_graph::{AttrValue, GraphMeta, Node, TensorLiteral, type_code};
    use amct_tensor::{DType, Tensor};

    use super::*;

    fn node(name: &str, op: &str, inputs: &[&str], attrs: &[(&str, AttrValue)]) -> (Node, Vec<String>) {
        let attrs = attrs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let node = Node { name: name.into(), op: op.into(), attrs, ..Node::default() };
        (node, inputs.iter().map(|input| (*input).to_owned()).collect())
    }

    fn constant(name: &str, value: &Tensor) -> (Node, Vec<String>) {
        let dtype = AttrValue::Type(type_code(value.dtype()));
        let value = AttrValue::tensor(TensorLiteral::encode(value));
        node(name, "Const", &[], &[("dtype", dtype), ("value", value)])
    }

    /// A convolution, and behind a conditional a batch norm and a convolution in training, or a batch norm.
    fn batch_norm_with_a_switch(is_training: bool) -> Graph {
        let strides = AttrValue::ints(vec![1; 4]);
        let float = ("T", AttrValue::Type(type_code(DType::F32)));
        let layer = [float.clone(), ("strides", strides), ("padding", AttrValue::string("VALID"))];
        let norm = |name: &str, input: &str, is_training| {
            let attrs = [float.clone(), ("is_training", AttrValue::B(is_training))];
            node(name, "FusedBatchNorm", &[input, "one", "one", "one", "one"], &attrs)
        };
        let weights = Tensor::from_vec([1, 1, 1, 1], vec![2.0_f32]).unwrap();
        let nodes = [
            node("x", "Placeholder", &[], &[("dtype", float.1.clone())]),
            constant("weights", &weights),
            constant("one", &Tensor::vector(vec![1.0_f32])),
            constant("is_training", &Tensor::scalar(is_training)),
            node("conv", "Conv2D", &["x", "weights"], &layer),
            node("switch", "Switch", &["conv", "is_training"], &[]),
            norm("inference", "switch", false),
            norm("training", "switch:1", true),
            node("extra", "Conv2D", &["training", "weights"], &layer),
            node("merge", "Merge", &["inference", "extra"], &[]),
            node("y", "Relu", &["merge"], &[]),
        ];
        Graph::from_named(nodes, GraphMeta::default()).unwrap()
    }

    #[test]
    fn what_is_on_a_branch_never_taken_counts_neither_as_training_nor_as_layer() {
        let prepare = |is_training| {
            let graph = batch_norm_with_a_switch(is_training);
            prepare(&graph, &["y".to_owned()], &PrepareOptions::default(), None)
        };
        let prepared = prepare(false).unwrap();
        let layers: Vec<&str> = prepared.scan.layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(layers, ["conv"]);
        // The file keeps the conditional.
        assert!(prepared.graph.find("merge").is_some());
        let Err(Error::TrainingBatchNorm(names)) = prepare(true) else { panic!() };
        assert_eq!(names, ["training"]);
    }
}
