//! `amct quantize`: the sample job.

use std::path::{Path, PathBuf};

use amct::data::single_image;
use amct::model::Model;
use amct::pipeline::{CalibrateOptions, Outputs};
use amct::predict::{Class, top_classes};
use amct::report::Parts;
use amct::signature::ImageInput;
use amct_graph::Graph;
use amct_interpreter::Arithmetic;

use crate::Outcome;
use crate::args::{CalibrationImages, QuantizeArgs};
use crate::commands::report;
use crate::error::CliError;
use crate::output::Out;

/// The image that the sample predicts, used if it is there and no other is named.
const SAMPLE_IMAGE: &str = "data/classification.jpg";

pub(crate) fn run(args: &QuantizeArgs, out: &mut Out) -> Result<Outcome, CliError> {
    let files = Outputs::new(&args.save_path)?;
    let original = args.model.load()?;
    let job = args.model.job(&original)?.save_to(files).also_writes(args.report.clone());
    let CalibrationImages { input, normalization, batches, configuration } = args.images.read(&job)?;
    let job = job.with_configuration(configuration)?.with_data(&batches);
    let test_image = test_image(args);
    let test_tensor =
        test_image.as_deref().map(|path| single_image(path, &input, normalization)).transpose()?;

    // Before anything is written, so that a model that does not run leaves no files behind.
    let output_names = job.outputs().to_vec();
    let predicted = |graph: &Graph| -> Result<Option<Class>, amct::Error> {
        let Some(image) = &test_tensor else { return Ok(None) };
        predict(graph, &output_names, &input, image.clone())
    };
    // Side by side what has steps that cannot be split.
    let (prepared, before) = rayon::join(|| job.prepare(), || predicted(&original));
    let (mut prepared, before) = (prepared?, before?);
    if let Some(strength) = args.dmq {
        prepared = prepared.with_dmq_balancer(strength)?;
    }
    let options = CalibrateOptions::default().with_shift_bits(args.shift_bits.map(Into::into));
    let quantized = prepared.calibrate(&options)?.quantize()?;
    let (after, encoded) = rayon::join(|| predicted(quantized.graph()), || quantized.encode());
    let (after, encoded) = (after?, encoded?);
    quantized.write(&encoded)?;
    if let Some(file) = &args.report {
        let prediction = test_image.as_ref().map(|path| path.display().to_string());
        let prediction = prediction.zip(before.zip(after).map(|(before, after)| [before, after]));
        let named = [("float model", args.model.model.clone())];
        let named = named.into_iter().chain(test_image.iter().map(|path| ("image to predict", path.clone())));
        let files = report::files(named.chain(args.images.configuration_files()), batches.files());
        let comparison = quantized.compare(&batches)?;
        let parts = Parts {
            prediction,
            ..report::of_job(quantized.calibrated(), &comparison, batches.files(), files)
        };
        report::write(file, Parts { title: quantized.quantized().info.name.clone(), ..parts })?;
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
    image: amct_tensor::Tensor,
) -> Result<Option<Class>, amct::Error> {
    let model = Model::new(graph, outputs, Arithmetic::Integer)?;
    let results = model.run([(input.name.as_str(), image)])?;
    let (Some(name), Some(result)) = (model.outputs().first(), results.first()) else { return Ok(None) };
    Ok(top_classes(name, result, 1)?.first().copied())
}

fn print_prediction(title: &str, class: Option<Class>, out: &mut Out) {
    let Some(class) = class else { return };
    writeln!(out, "{title} Model Prediction:");
    writeln!(out, "\tcategory index: {}", class.index);
    writeln!(out, "\tcategory prob: {:.3}", class.value);
}
