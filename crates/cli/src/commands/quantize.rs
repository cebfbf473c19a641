//! `amct quantize`: the sample job.

use std::path::{Path, PathBuf};

use amct::calibration::Batches;
use amct::graph::Graph;
use amct::interface::ImageInput;
use amct::interpreter::Arithmetic;
use amct::model::Model;
use amct::pipeline::{self, Artifacts, CalibrateOptions, Calibration, Outputs};
use amct::predict::{Class, top_classes};
use amct::report::Parts;
use amct::sources::single_image;

use crate::args::QuantizeArgs;
use crate::commands::report;
use crate::error::CliError;
use crate::output::Out;
use crate::{Outcome, progress};

/// The image that the sample predicts, used if it is there and no other is named.
const SAMPLE_IMAGE: &str = "data/classification.jpg";

pub(crate) fn run(args: &QuantizeArgs, out: &mut Out) -> Result<Outcome, CliError> {
    let outputs = Outputs::new(&args.save_path)?;
    let (original, output_names) = args.model.load()?;
    let given = args.images.configuration()?;
    let options = given.as_ref().map(|given| given.prepare_options(&original)).transpose()?;
    let input = args.images.input(&original, &output_names)?;
    let normalization = args.images.normalization.build()?;
    let images = args.images.load(given.as_ref(), &input, normalization.clone())?;
    let test_image = test_image(args);
    let test_tensor =
        test_image.as_deref().map(|path| single_image(path, &input, normalization.clone())).transpose()?;
    outputs.check_writable()?;
    report::check_writable(args.report.as_deref())?;

    let load = |index: usize| images.feeds(index);
    let batches = Batches::new(images.count(), &load);
    // Before anything is written, so that a model that does not run leaves no files behind.
    let predicted = |graph: &Graph| -> Result<Option<Class>, amct::Error> {
        let Some(image) = &test_tensor else { return Ok(None) };
        predict(graph, &output_names, &input, image.clone())
    };
    // Side by side what has steps that cannot be split.
    let (prepared, before) = rayon::join(
        || pipeline::prepare(&original, &output_names, &options.unwrap_or_default(), &batches),
        || predicted(&original),
    );
    let (prepared, before) = (prepared?, before?);
    let configuration = given.unwrap_or_else(|| args.images.by_arguments(&images));
    let mut config = configuration.resolve(&prepared)?;
    if let Some(strength) = args.dmq {
        pipeline::set_dmq_balancer(&mut config, &prepared, strength)?;
    }
    let options =
        CalibrateOptions { shift_bits: args.shift_bits.map(Into::into), ..CalibrateOptions::default() };
    let Calibration { record, losses } =
        pipeline::calibrate_in_full(&prepared, &config, &batches, &options, &progress::calibration)?;
    let quantized = pipeline::quantize(&prepared, &record, outputs.prefix())?;
    let artifacts = Artifacts { quantized: &quantized, config: &config, record: &record };
    let (after, encoded) = rayon::join(|| predicted(&quantized.graph), || artifacts.encode());
    let (after, encoded) = (after?, encoded?);
    outputs.write(&encoded)?;
    if let Some(file) = &args.report {
        let comparison = report::compared(&original, &quantized, &output_names, &batches)?;
        let named = [("float model", args.model.model.clone())];
        let named = named.into_iter().chain(test_image.iter().map(|path| ("image to predict", path.clone())));
        let parts = Parts {
            title: outputs.prefix().to_owned(),
            command: report::command_line(),
            comparison: &comparison,
            inputs: report::names(images.files()),
            losses,
            effects: None,
            prediction: test_image
                .as_ref()
                .map(|path| path.display().to_string())
                .zip(before.zip(after).map(|(before, after)| [before, after])),
            configuration: Some(config.to_json()),
            files: report::files(named.chain(args.images.configuration_files()), images.files()),
        };
        report::write(file, parts)?;
    }
    print_prediction("Origin", before, out);
    print_prediction("Quantized", after, out);
    Ok(Outcome::Done)
}

fn test_image(args: &QuantizeArgs) -> Option<PathBuf> {
    match &args.test_image {
        Some(none) if none.as_os_str() == "none" => None,
        Some(image) => Some(image.clone()),
        None => Some(Path::new(SAMPLE_IMAGE).to_owned()).filter(|sample| sample.exists()),
    }
}

/// The class that the model gives the image.
fn predict(
    graph: &Graph,
    outputs: &[String],
    input: &ImageInput,
    image: amct::tensor::Tensor,
) -> Result<Option<Class>, amct::Error> {
    let model = Model::new(graph, outputs, Arithmetic::Integer)?;
    let results = model.run(&[(input.name.as_str(), image)])?;
    let (Some(name), Some(result)) = (model.outputs().first(), results.first()) else { return Ok(None) };
    Ok(top_classes(name, result, 1)?.first().copied())
}

fn print_prediction(title: &str, class: Option<Class>, out: &mut Out) {
    let Some(class) = class else { return };
    writeln!(out, "{title} Model Prediction:");
    writeln!(out, "\tcategory index: {}", class.index);
    writeln!(out, "\tcategory prob: {:.3}", class.value);
}
