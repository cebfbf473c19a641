//! A quantized model beside its float model, layer by layer: where the accuracy goes, and why.
//!
//! Both run on the same inputs, one input after the other, in one graph, so that a value of one meets its
//! counterpart of the other as soon as both are computed and is let go; memory does not grow with the
//! number of inputs.

mod dumps;
mod error;
mod float_layers;
mod info;
mod inner;
mod joined;
mod layer_sums;
mod node_sums;
mod origins;
mod rows;
mod run;
mod values;

use amct_artifacts::quant_info::QuantInfo;
use amct_calibration::Batches;
use amct_graph::Graph;
use amct_interpreter::Arithmetic;
use amct_metrics::{CodeHistogram, CodeUse, ErrorSplit, Errors, LsbHistogram};
use serde::Serialize;

pub use self::dumps::{Mapping, compare_dumps};
pub use self::error::CompareError;
pub(crate) use self::info::counterparts;
use crate::predict::Class;
use crate::{Error, signature};

/// What [`compare`] found.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// Inputs that both models ran on; of dumps 1.
    pub inputs: usize,
    /// The outputs: what the quantized model gives its user.
    pub outputs: Vec<OutputComparison>,
    /// The quantized layers, in the order of the graph.
    pub layers: Vec<LayerComparison>,
    /// Every value of the quantized model that has a counterpart, in the order of the graph: the ends of
    /// the layers and the outputs among them.
    pub nodes: Vec<NodeComparison>,
    /// Values of the quantized model without a counterpart, with the reason.
    pub unmatched: Vec<Unmatched>,
    /// Nodes of the float model that could be layers to quantize and are not quantized, with the reason.
    pub left_float: Vec<Unmatched>,
}

/// An output of both models.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct OutputComparison {
    /// Its name in the float model.
    pub name: String,
    /// How far the quantized model's lies from the float model's.
    pub errors: Errors,
    /// The largest class of each input, if the output is one row of numbers per input.
    pub predictions: Option<Vec<Prediction>>,
}

/// What both models say of one input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Prediction {
    /// The float model's class.
    pub float: Class,
    /// The quantized model's class.
    pub quantized: Class,
}

/// A value of the quantized model and its counterpart.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct NodeComparison {
    /// The node of the quantized model.
    pub node: String,
    /// Its op.
    pub op: String,
    /// Which of its outputs.
    pub slot: usize,
    /// The quantized layer that ends here.
    pub layer: Option<String>,
    /// The counterpart in the float model.
    pub reference: String,
    /// Shape of the last input's value.
    pub shape: Vec<usize>,
    /// Element type of the quantized model's value and of its counterpart.
    pub dtypes: [String; 2],
    /// How far it lies from its counterpart.
    pub errors: Errors,
    /// Of integers, by how many they differ.
    pub lsb: Option<LsbHistogram>,
}

/// A quantized layer.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LayerComparison {
    /// The layer; of a group convolution its first part.
    pub layer: String,
    /// Its op.
    pub op: String,
    /// The `AscendDequant` that ends it.
    pub dequant: String,
    /// How far its output lies from that of the float model.
    pub errors: Option<Errors>,
    /// What its error is made of.
    pub split: Option<ErrorSplit>,
    /// Why there is no split.
    pub no_split: Option<String>,
    /// Smallest and largest weight of each output channel of the float layer, as folded.
    pub weights: Vec<[f32; 2]>,
    /// How its input uses the integers.
    pub codes: CodeUse,
    /// Where its input lies among the integers.
    #[serde(skip)]
    pub histogram: CodeHistogram,
}

/// A value or node that is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Unmatched {
    /// The node, or the file.
    pub node: String,
    /// Why.
    pub reason: String,
}

/// How two models are compared.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CompareOptions {
    /// Whose arithmetic the quantized model runs in.
    pub arithmetic: Arithmetic,
    /// What `_quant.json` says of the quantized model; without it nodes are matched by their names and by
    /// what folding does to the float model.
    pub info: Option<QuantInfo>,
    /// Outputs, by the float model's names; its only leaf if there are none.
    pub outputs: Vec<String>,
}

impl CompareOptions {
    /// The same, where the quantized model runs in this arithmetic.
    #[must_use]
    pub fn with_arithmetic(self, arithmetic: Arithmetic) -> Self {
        Self { arithmetic, ..self }
    }

    /// The same with what `_quant.json` says of the quantized model.
    #[must_use]
    pub fn with_info(self, info: impl Into<Option<QuantInfo>>) -> Self {
        Self { info: info.into(), ..self }
    }

    /// The same for these outputs of the float model.
    #[must_use]
    pub fn with_outputs(self, outputs: &[String]) -> Self {
        Self { outputs: outputs.to_vec(), ..self }
    }
}

/// Runs the float and the quantized model on all of `inputs` and compares them value by value.
///
/// The results do not depend on the number of threads.
///
/// ```no_run
/// # fn main() -> Result<(), amct::Error> {
/// use std::path::Path;
///
/// use amct::compare::{CompareOptions, compare};
/// use amct::model::Feeds;
/// use amct::tensor::Tensor;
///
/// let float = amct::graphdef::load(Path::new("model/mobilenetv2_tf.pb"))?;
/// let quantized = amct::graphdef::load(Path::new("outputs/mobilenet_v2_quantized.pb"))?;
/// let image = Feeds::from([("input", Tensor::full([1, 224, 224, 3], 0.5_f32).unwrap())]);
/// let found = compare(&float, &quantized, &CompareOptions::default(), &[image])?;
/// for layer in &found.layers {
///     println!("{}: {:?} dB", layer.layer, layer.errors.map(|errors| errors.sqnr_db));
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`CompareError`] if the models do not belong together; a model that does not run; an input that cannot
/// be loaded.
pub fn compare(
    float: &Graph,
    quantized: &Graph,
    options: &CompareOptions,
    inputs: &dyn Batches,
) -> Result<Comparison, Error> {
    let outputs = signature::outputs(float, &options.outputs)?;
    if amct_graph::quantized_layers(quantized).is_empty() {
        return Err(CompareError::NotQuantized.into());
    }
    let counterparts = counterparts(quantized, float, &outputs, options.info.as_ref())?;
    let layers = inner::layers(quantized, &counterparts);
    let float_layers = float_layers::FloatLayers::new(quantized, &counterparts, &outputs, &layers);
    let inner = inner::nodes(quantized, &layers);
    let origins = match &options.info {
        Some(info) => origins::of_info(info, float, quantized, &inner),
        None => origins::by_name(float, quantized, &layers, &inner, float_layers.groups()),
    };
    let rows = rows::Rows::new(float, quantized, &outputs, (&layers, &inner), &origins)?;
    run::Run::new(float, quantized, rows, &float_layers, options.arithmetic)?.over(inputs)
}

impl Comparison {
    /// The quantized layers, the worst by `rank` first; those that it says nothing of last.
    pub fn worst_layers(&self, rank: Rank) -> Vec<&LayerComparison> {
        let ratio = |layer: &LayerComparison| match rank {
            Rank::Total => layer.errors.map(|errors| errors.sqnr_db),
            Rank::Own => layer.split.map(|split| split.own.sqnr_db),
        };
        // NaN is worse than any ratio.
        let key = |layer: &LayerComparison| {
            ratio(layer).map_or((true, 0.0), |db| (false, if db.is_nan() { f64::NEG_INFINITY } else { db }))
        };
        let mut layers: Vec<(&LayerComparison, (bool, f64))> =
            self.layers.iter().map(|layer| (layer, key(layer))).collect();
        layers.sort_by(|(_, a), (_, b)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        layers.into_iter().map(|(layer, _)| layer).collect()
    }
}

/// Which error makes a layer the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rank {
    /// The whole difference of its output from the float model's.
    #[default]
    Total,
    /// What it adds itself: clipping, rounding and weights.
    Own,
}

impl OutputComparison {
    /// The share of the inputs, in percent, that get the float model's class.
    pub fn agreement(&self) -> Option<f64> {
        let predictions = self.predictions.as_ref().filter(|predictions| !predictions.is_empty())?;
        let same = predictions.iter().filter(|found| found.float.index == found.quantized.index).count();
        Some(100.0 * same as f64 / predictions.len() as f64)
    }
}
