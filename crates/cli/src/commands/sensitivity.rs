//! `amct sensitivity`: what each layer's quantization does to the outputs.

use std::path::{Path, PathBuf};

use amct::auto::{EvaluationImages, Stop};
use amct::data::FileInputs;
use amct::job::CalibratedJob;
use amct::model::Model;
use amct::pipeline::CalibrateOptions;
use amct::report::Parts;
use amct::sensitivity::{Effect, LayerEffect, Measure, Mode, ranking, sensitivity};
use amct_artifacts::atomic;
use amct_dataset::list_images;
use amct_interpreter::Arithmetic;
use serde_json::json;

use crate::Outcome;
use crate::args::{CalibrationImages, SensitivityArgs, SensitivityFormat};
use crate::commands::report;
use crate::error::CliError;
use crate::output::Out;

pub(crate) fn run(args: &SensitivityArgs, out: &mut Out) -> Result<Outcome, CliError> {
    let original = args.model.load()?;
    let job = args.model.job(&original)?.also_writes(args.report.clone());
    let images = args.images.read(&job)?;
    let files = list_images(args.evaluation.as_ref().unwrap_or(&args.images.calibration))?.images;
    let evaluation =
        EvaluationImages::load(files.clone(), &images.input, images.normalization.clone(), Stop::default())?;
    let model = Model::new(&original, job.outputs(), Arithmetic::Integer)?;
    let job = job.with_configuration(images.configuration.clone())?.with_data(&images.batches);
    let calibrated = job.prepare()?.calibrate(&CalibrateOptions::default())?;

    let (mode, measure) = (Mode::from(args.mode), Measure::from(args.by));
    let effects = sensitivity(calibrated.prepared(), calibrated.record(), &model, &evaluation, mode)?;
    check_agreement(measure, &effects, model.outputs())?;
    let ranking = ranking(&effects, measure, mode);
    if let Some(path) = &args.ranking {
        atomic::write(path, ranking.to_json().as_bytes())?;
    }
    let ranked = |(name, _): &(String, f64)| effects.iter().find(|effect| effect.layer == *name).cloned();
    let ranked: Vec<LayerEffect> = ranking.layers().iter().filter_map(ranked).collect();
    if let Some(file) = &args.report {
        write_report(args, calibrated, &images, files, ranked.clone(), file)?;
    }
    print(args, &ranked, out);
    Ok(Outcome::Done)
}

/// Whether layers can be ranked by agreement.
fn check_agreement(measure: Measure, effects: &[LayerEffect], outputs: &[String]) -> Result<(), CliError> {
    let without = effects.iter().find(|effect| effect.effect.agreement.is_none());
    match without.filter(|_| measure == Measure::Agreement) {
        None => Ok(()),
        Some(effect) => Err(CliError::Usage(format!(
            "--by agreement needs an output with one row of classes per image, which '{}' is not; use --by sqnr \
             or cosine (seen at layer '{}')",
            outputs.first().map_or("", String::as_str),
            effect.layer
        ))),
    }
}

/// All layers quantized, beside the float model, on the images that the effects were seen on.
fn write_report(
    args: &SensitivityArgs,
    job: CalibratedJob<'_>,
    images: &CalibrationImages,
    samples: Vec<PathBuf>,
    effects: Vec<LayerEffect>,
    file: &Path,
) -> Result<(), amct::Error> {
    let inputs = FileInputs::images(&images.input, samples.clone(), images.normalization.clone());
    let quantized = job.quantize()?;
    let comparison = quantized.compare(&inputs)?;
    let named = [("float model", args.model.model.clone())].into_iter();
    let files = report::files(named.chain(args.images.configuration_files()), &samples);
    let name = args.model.model.file_stem();
    let parts = Parts {
        title: name.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        effects: Some((mode_in_words(Mode::from(args.mode)).to_owned(), effects)),
        ..report::of_job(quantized.calibrated(), &comparison, &samples, files)
    };
    report::write(file, parts)
}

fn mode_in_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Alone => "What is left of the outputs when one layer alone is quantized.",
        Mode::AllButOne => "What is left of the outputs when all layers but one are quantized.",
    }
}

fn print(args: &SensitivityArgs, rows: &[LayerEffect], out: &mut Out) {
    let percent = |effect: &Effect| effect.agreement.map_or("-".to_owned(), |share| format!("{share:.2}"));
    match args.format {
        SensitivityFormat::Table => {
            writeln!(out, "{:>8}  {:>10}  {:>9}  layer", "SQNR dB", "cosine", "agree %");
            for LayerEffect { layer, effect, .. } in rows {
                let Effect { sqnr, cosine, .. } = effect;
                writeln!(out, "{sqnr:>8.2}  {cosine:>10.7}  {:>9}  {layer}", percent(effect));
            }
            let worst: Vec<&str> = rows.iter().take(args.worst).map(|row| row.layer.as_str()).collect();
            if !worst.is_empty() {
                writeln!(out, "\nthe most sensitive, for --skip-layers:\n{}", worst.join(","));
            }
        }
        SensitivityFormat::Csv => {
            writeln!(out, "layer,sqnr_db,cosine,agreement_percent");
            for LayerEffect { layer, effect, .. } in rows {
                let agreement = effect.agreement.map_or(String::new(), |share| share.to_string());
                writeln!(out, "{layer},{},{},{agreement}", effect.sqnr, effect.cosine);
            }
        }
        SensitivityFormat::Json => {
            // A ratio that is infinite is null: JSON has no such number.
            let rows = rows.iter().map(|LayerEffect { layer, effect, .. }| {
                json!({
                    "layer": layer,
                    "sqnr_db": effect.sqnr,
                    "cosine": effect.cosine,
                    "agreement_percent": effect.agreement,
                })
            });
            writeln!(out, "{:#}", json!(rows.collect::<Vec<_>>()));
        }
    }
}
