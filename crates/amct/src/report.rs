//! A comparison as an HTML page, with what went in.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use amct_calibration::ifmr::ClipLoss;
use amct_dataset::DatasetError;
use amct_report::{Effect, Layer, Losses, Output, Prediction, Report};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::compare::{Comparison, LayerComparison};
use crate::predict::Class;
use crate::sensitivity::LayerEffect;

/// Bars of a histogram, at most.
const BARS: usize = 96;

/// What a page is made of.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// What it is about, such as the model's name.
    pub title: String,
    /// The command that made it.
    pub command: String,
    /// The models beside each other.
    pub comparison: &'a Comparison,
    /// Names of the inputs that were compared.
    pub inputs: Vec<String>,
    /// The losses that IFMR found, by layer; those of other layers are estimated.
    pub losses: BTreeMap<String, Vec<ClipLoss>>,
    /// What each layer does to the outputs, the most sensitive first, with what was done.
    pub effects: Option<(String, Vec<LayerEffect>)>,
    /// What both models say of the image to predict.
    pub prediction: Option<(String, [Class; 2])>,
    /// The configuration as written.
    pub configuration: Option<String>,
    /// The files that went in, with what for.
    pub files: Vec<(String, PathBuf)>,
}

/// The page.
///
/// # Errors
/// A file that went in cannot be read again.
pub fn html(parts: Parts<'_>) -> Result<String, Error> {
    let found = parts.comparison;
    let files = parts.files.iter().map(|(what, path)| {
        let hash = sha256(path).map_err(|source| DatasetError::Read { path: path.clone(), source })?;
        Ok([what.clone(), path.display().to_string(), hash])
    });
    let effects = parts.effects.map(|(mode, effects)| (mode, effects.iter().map(effect).collect()));
    let report = Report {
        facts: facts(found),
        outputs: found
            .outputs
            .iter()
            .map(|output| Output {
                name: output.name.clone(),
                errors: output.errors,
                agreement: output.agreement(),
            })
            .collect(),
        predictions: predictions(found, &parts.inputs, parts.prediction),
        layers: found.layers.iter().map(|found| layer(found, &parts.losses)).collect(),
        left_float: found.left_float.iter().map(|node| (node.node.clone(), node.reason.clone())).collect(),
        effects,
        configuration: parts.configuration,
        files: files.collect::<Result<_, Error>>()?,
        title: parts.title,
        command: parts.command,
    };
    Ok(report.to_html())
}

fn facts(found: &Comparison) -> Vec<(String, String)> {
    let split = found.layers.iter().filter(|layer| layer.split.is_some()).count();
    let clipped = |layer: &&LayerComparison| layer.codes.saturated_low + layer.codes.saturated_high > 0.0;
    [
        ("Version", format!("amct {}", env!("CARGO_PKG_VERSION"))),
        ("Inputs compared", found.inputs.to_string()),
        ("Layers quantized", found.layers.len().to_string()),
        ("Errors taken apart", split.to_string()),
        ("Layers that clip", found.layers.iter().filter(clipped).count().to_string()),
        ("Nodes that could be layers, left in float", found.left_float.len().to_string()),
        ("Values compared", found.nodes.len().to_string()),
        ("Values without a counterpart", found.unmatched.len().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn predictions(
    found: &Comparison,
    inputs: &[String],
    single: Option<(String, [Class; 2])>,
) -> Vec<Prediction> {
    let class = |class: Class| (class.index, class.value);
    let single = single.map(|(input, [float, quantized])| Prediction {
        input,
        float: class(float),
        quantized: class(quantized),
    });
    let all = found.outputs.first().and_then(|output| output.predictions.as_deref()).unwrap_or_default();
    // A batch that the graph fixes may hold an image several times.
    let has_names = inputs.len() == all.len();
    let name = |index: usize| match inputs.get(index).filter(|_| has_names) {
        Some(name) => name.clone(),
        None => format!("input {}", index + 1),
    };
    let all = all.iter().enumerate().map(|(index, found)| Prediction {
        input: name(index),
        float: class(found.float),
        quantized: class(found.quantized),
    });
    single.into_iter().chain(all).collect()
}

fn effect(LayerEffect { layer, effect }: &LayerEffect) -> Effect {
    Effect { layer: layer.clone(), sqnr_db: effect.sqnr, cosine: effect.cosine, agreement: effect.agreement }
}

fn layer(found: &LayerComparison, losses: &BTreeMap<String, Vec<ClipLoss>>) -> Layer {
    let losses = match losses.get(&found.layer) {
        Some(losses) => Losses {
            exact: true,
            points: losses.iter().map(|point| (point.clip.into(), point.loss.into())).collect(),
        },
        None => estimated(found),
    };
    Layer {
        name: found.layer.clone(),
        op: found.op.clone(),
        errors: found.errors,
        split: found.split.ok_or_else(|| found.no_split.clone().unwrap_or_default()),
        scale: found.histogram.scale(),
        codes: found.codes,
        histogram: found.histogram.coarse(BARS),
        losses,
        weights: found.weights.clone(),
    }
}

/// The losses at 0.70 to 1.30 times the upper end, as IFMR tries them by default.
fn estimated(found: &LayerComparison) -> Losses {
    let factors: Vec<f32> = (70..=130).map(|percent| percent as f32 / 100.0).collect();
    let clips = factors.iter().map(|factor| f64::from(found.codes.range[1] * factor));
    Losses { exact: false, points: clips.zip(found.histogram.clip_losses(&factors)).collect() }
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
