//! `amct sensitivity`: what each layer's quantization does to the outputs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use amct::artifacts::atomic;
use amct::auto::{EvaluationImages, Stop};
use amct::calibration::Batches;
use amct::dataset::list_images;
use amct::interface;
use amct::interpreter::Arithmetic;
use amct::model::Model;
use amct::pipeline::{self, CalibrateOptions, Calibration};
use amct::report::Parts;
use amct::sensitivity::{Effect, Measure, Mode, ranking, sensitivity};
use amct::sources::{FileInputs, GivenInput};
use serde_json::json;

use crate::args::{SensitivityArgs, SensitivityFormat};
use crate::commands::report;
use crate::error::CliError;
use crate::output::Out;
use crate::{Outcome, progress};

pub(crate) fn run(args: &SensitivityArgs, out: &mut Out) -> Result<Outcome, CliError> {
    let (original, outputs) = args.model.load()?;
    let input = args.images.input(&original, &outputs)?;
    report::check_writable(args.report.as_deref())?;
    let given = args.images.configuration()?;
    let options = given.as_ref().map(|given| given.prepare_options(&original)).transpose()?;
    let normalization = args.images.normalization.build()?;
    let images = args.images.load(given.as_ref(), &input, normalization.clone())?;
    let directory = args.evaluation.as_ref().unwrap_or(&args.images.calibration);
    let evaluation =
        EvaluationImages::load(list_images(directory)?.images, &input, normalization, Stop::default())?;

    let load = |index: usize| images.feeds(index);
    let batches = Batches::new(images.count(), &load);
    let prepared = pipeline::prepare(&original, &outputs, &options.unwrap_or_default(), &batches)?;
    let config = given.unwrap_or_else(|| args.images.by_arguments(&images)).resolve(&prepared)?;
    let calibrate = CalibrateOptions::default();
    let Calibration { record, losses } =
        pipeline::calibrate_in_full(&prepared, &config, &batches, &calibrate, &progress::calibration)?;
    let model = Model::new(&original, &outputs, Arithmetic::Integer)?;
    let mode = Mode::from(args.mode);
    let effects = sensitivity(&prepared, &record, &model, &evaluation, mode)?;

    let measure = Measure::from(args.by);
    if let (Measure::Agreement, Some(effect)) =
        (measure, effects.iter().find(|e| e.effect.agreement.is_none()))
    {
        return Err(CliError::Usage(format!(
            "--by agreement needs an output with one row of classes per image, which '{}' is not; use --by sqnr \
             or cosine (seen at layer '{}')",
            outputs.first().map_or("", String::as_str),
            effect.layer
        )));
    }
    let ranking = ranking(&effects, measure, mode);
    if let Some(path) = &args.ranking {
        atomic::write(path, ranking.to_json().as_bytes())?;
    }
    if let Some(file) = &args.report {
        // All layers quantized, beside the float model, on the images that the effects were seen on.
        let given = [GivenInput { name: Some(input.name.clone()), path: directory.clone() }];
        let outlets = interface::outlets(&original, &outputs)?;
        let known = [input.name.clone()];
        let samples = FileInputs::new(
            &original,
            &outlets,
            &known,
            &given,
            args.images.size,
            args.images.normalization.build()?,
        )?;
        let quantized = pipeline::quantize(&prepared, &record, "")?;
        let load = |index: usize| samples.feeds(index).map_err(|error| error.in_one_line());
        let samples_of_all = Batches::new(samples.count(), &load);
        let comparison = report::compared(&original, &quantized, &outputs, &samples_of_all)?;
        let files: Vec<PathBuf> = (0..samples.count())
            .flat_map(|index| samples.files(index).map(|(_, file)| file.to_owned()))
            .collect();
        let named = [("float model", args.model.model.clone())].into_iter();
        let name = args.model.model.file_stem();
        let ranked = ranking
            .layers()
            .iter()
            .filter_map(|(name, _)| effects.iter().find(|effect| effect.layer == *name).cloned());
        let parts = Parts {
            title: name.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            command: report::command_line(),
            comparison: &comparison,
            inputs: report::names(&files),
            losses,
            effects: Some((mode_in_words(mode).to_owned(), ranked.collect())),
            prediction: None,
            configuration: Some(config.to_json()),
            files: report::files(named.chain(args.images.configuration_files()), &files),
        };
        report::write(file, parts)?;
    }
    let by_name: BTreeMap<&str, &Effect> =
        effects.iter().map(|effect| (effect.layer.as_str(), &effect.effect)).collect();
    let names = ranking.layers().iter().map(|(name, _)| name.as_str());
    let rows: Vec<(&str, &Effect)> = names.filter_map(|name| Some((name, *by_name.get(name)?))).collect();
    print(args, &rows, out);
    Ok(Outcome::Done)
}

fn mode_in_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Alone => "What is left of the outputs when one layer alone is quantized.",
        Mode::AllButOne => "What is left of the outputs when all layers but one are quantized.",
    }
}

fn print(args: &SensitivityArgs, rows: &[(&str, &Effect)], out: &mut Out) {
    let percent = |effect: &Effect| effect.agreement.map_or("-".to_owned(), |share| format!("{share:.2}"));
    match args.format {
        SensitivityFormat::Table => {
            writeln!(out, "{:>8}  {:>10}  {:>9}  layer", "SQNR dB", "cosine", "agree %");
            for (layer, effect) in rows {
                let Effect { sqnr, cosine, .. } = effect;
                writeln!(out, "{sqnr:>8.2}  {cosine:>10.7}  {:>9}  {layer}", percent(effect));
            }
            let worst: Vec<&str> = rows.iter().take(args.worst).map(|(layer, _)| *layer).collect();
            if !worst.is_empty() {
                writeln!(out, "\nthe most sensitive, for --skip-layers:\n{}", worst.join(","));
            }
        }
        SensitivityFormat::Csv => {
            writeln!(out, "layer,sqnr_db,cosine,agreement_percent");
            for (layer, effect) in rows {
                let agreement = effect.agreement.map_or(String::new(), |share| share.to_string());
                writeln!(out, "{layer},{},{},{agreement}", effect.sqnr, effect.cosine);
            }
        }
        SensitivityFormat::Json => {
            // A ratio that is infinite is null: JSON has no such number.
            let rows = rows.iter().map(|(layer, effect)| {
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
