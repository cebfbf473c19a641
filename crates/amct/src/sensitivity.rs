//! What each layer's quantization does to the outputs of the model.
//!
//! All layers are calibrated once; then each is quantized alone, or all but it, and the model runs on images
//! beside the float model. A layer that does much harm alone is worth leaving float; one without which the
//! model gets no better is not.

mod effect;

use amct_artifacts::auto_calibration::Ranking;
use amct_artifacts::record::Record;
use amct_interpreter::Arithmetic;
use amct_tensor::internal;

pub use self::effect::Effect;
use self::effect::Sums;
use crate::Error;
use crate::auto::EvaluationImages;
use crate::model::Model;
use crate::pipeline::{self, Prepared};

/// Models that run beside the float model at a time: it runs less often, and the memory stays small.
const AT_A_TIME: usize = 4;

/// Which layers are quantized to see the effect of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It alone.
    #[default]
    Alone,
    /// All but it.
    AllButOne,
}

/// What layers are ranked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Measure {
    /// Signal to noise, in dB.
    #[default]
    Sqnr,
    /// Cosine.
    Cosine,
    /// Images that get the float model's class.
    Agreement,
}

/// The effect of one layer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LayerEffect {
    /// The layer.
    pub layer: String,
    /// What is left of the outputs when it is quantized alone, or when it alone is not.
    pub effect: Effect,
}

/// Runs a model for every quantized layer of `record`, and gives the effects in the order of the graph.
///
/// `original` is the float model, for the outputs of `prepared`. Results do not depend on the number of
/// threads.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::path::Path;
///
/// use amct::record::Record;
/// use amct::auto::{EvaluationImages, Stop};
/// use amct::data::{Normalization, list_images};
/// use amct::signature;
/// use amct::model::Arithmetic;
/// use amct::model::Model;
/// use amct::pipeline::{self, PrepareOptions};
/// use amct::sensitivity::{Measure, Mode, ranking, sensitivity};
///
/// let graph = amct::graphdef::load(Path::new("model/mobilenetv2_tf.pb"))?;
/// let outputs = signature::outputs(&graph, &[])?;
/// let outlets = signature::outlets(&graph, &outputs)?;
/// let input = signature::image_input(&graph, &outlets, None)?;
/// let files = list_images(Path::new("data/calibration"))?.images;
/// let normalization = Normalization::new(&[128.0], &[128.0])?;
/// let images = EvaluationImages::load(files, &input, normalization, Stop::default())?;
///
/// let prepared = pipeline::prepare(&graph, &outputs, &PrepareOptions::default(), None)?;
/// let record = Record::read("outputs/record.txt")?;
/// let original = Model::new(&graph, &outputs, Arithmetic::Integer)?;
/// let effects = sensitivity(&prepared, &record, &original, &images, Mode::Alone)?;
/// let ranking = ranking(&effects, Measure::Sqnr, Mode::Alone);
/// println!("{} does most harm", ranking.layers()[0].0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A record that does not fit, a model that does not run, outputs that are not float, the end that the
/// images' [`Stop`](crate::auto::Stop) asks for.
pub fn sensitivity(
    prepared: &Prepared,
    record: &Record,
    original: &Model,
    images: &EvaluationImages,
    mode: Mode,
) -> Result<Vec<LayerEffect>, Error> {
    let layers: Vec<&str> = prepared
        .scan
        .layers
        .iter()
        .map(|layer| layer.name.as_str())
        .filter(|layer| record.get(layer).is_some_and(|entry| entry.scale_d.is_some()))
        .collect();
    let mut effects = Vec::with_capacity(layers.len());
    for some in layers.chunks(AT_A_TIME) {
        let models = some
            .iter()
            .map(|layer| {
                let quantized = pipeline::quantize(prepared, &of_mode(record, layer, &layers, mode), "")?;
                Model::new(&quantized.graph, original.outputs(), Arithmetic::Integer)
            })
            .collect::<Result<Vec<Model>, Error>>()?;
        let mut sums: Vec<Sums> = some.iter().map(|_| Sums::new(original.outputs())).collect();
        let all: Vec<&Model> = std::iter::once(original).chain(&models).collect();
        images.run(&all, |count, results| {
            let (float, quantized) = results
                .split_first()
                .ok_or_else(|| internal!("a run of {} models without results", all.len()))?;
            sums.iter_mut().zip(quantized).try_for_each(|(sums, quantized)| sums.add(count, float, quantized))
        })?;
        for (layer, sums) in some.iter().zip(&sums) {
            let effect = sums.effect(images.len());
            log::debug!(target: "sensitivity", "layer {layer}: {effect:?}");
            effects.push(LayerEffect { layer: (*layer).to_owned(), effect });
        }
    }
    Ok(effects)
}

/// The part of a record that quantizes what the mode says. Entries of no layer stay: those of tensors,
/// and those that switch fusion off.
fn of_mode(record: &Record, layer: &str, layers: &[&str], mode: Mode) -> Record {
    let quantizes = |key: &str| match mode {
        Mode::Alone => key == layer,
        Mode::AllButOne => key != layer,
    };
    let is_kept = |key: &str| !layers.contains(&key) || quantizes(key);
    Record { entries: record.entries.iter().filter(|entry| is_kept(&entry.key)).cloned().collect() }
}

/// The layers as [`auto`](crate::auto) takes them, the most sensitive first: those that do most harm alone,
/// or without which the model is best. The numbers are similarities, 1 without any difference.
pub fn ranking(effects: &[LayerEffect], measure: Measure, mode: Mode) -> Ranking {
    let layers = effects.iter().map(|LayerEffect { layer, effect }| {
        let similarity = effect.similarity(measure);
        // Where leaving a layer out helps most, it did most harm.
        let rank = if mode == Mode::Alone { similarity } else { 1.0 - similarity };
        (layer.clone(), rank)
    });
    Ranking::new(layers.collect())
}
