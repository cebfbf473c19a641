//! `amct quantize`: the sample job.

use std::path::{Path, PathBuf};

use amct::calibration::Batches;
use amct::dataset::{DatasetError, Normalization};
use amct::graph::Graph;
use amct::interface::{self, ImageInput};
use amct::interpreter::Arithmetic;
use amct::model::Model;
use amct::pipeline::{self, Artifacts, CalibrateOptions, Configuration, Outputs};
use amct::predict::{Class, top_classes};
use amct::sources::{ImageBatches, single_image};

use crate::args::QuantizeArgs;
use crate::{Outcome, progress};

/// The image that the sample predicts, used if it is there and no other is named.
const SAMPLE_IMAGE: &str = "data/classification.jpg";

pub(crate) fn run(args: &QuantizeArgs) -> Result<Outcome, amct::Error> {
    let outputs = Outputs::new(&args.save_path)?;
    let original = amct::graphdef::load(&args.model)?;
    let output_names = interface::outputs(&original, &args.output)?;
    let outlets = interface::outlets(&original, &output_names)?;
    let given = args.configuration.read()?;
    let options = given.as_ref().map(|given| given.prepare_options(&original)).transpose()?;
    let input = interface::image_input(&original, &outlets, args.size)?;
    let normalization = args.normalization.build()?;
    let images = images(args, given.as_ref(), &input, normalization.clone())?;
    let test_image = test_image(args);
    let test_tensor =
        test_image.map(|path| single_image(&path, &input, normalization.clone())).transpose()?;
    outputs.check_writable()?;

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
    let configuration = given.unwrap_or_else(|| by_arguments(args, images.count()));
    let mut config = configuration.resolve(&prepared)?;
    if let Some(strength) = args.dmq {
        pipeline::set_dmq_balancer(&mut config, &prepared, strength)?;
    }
    let options =
        CalibrateOptions { shift_bits: args.shift_bits.map(Into::into), ..CalibrateOptions::default() };
    let record = pipeline::calibrate_with(&prepared, &config, &batches, &options, &progress::calibration)?;
    let quantized = pipeline::quantize(&prepared, &record, outputs.prefix())?;
    let artifacts = Artifacts { quantized: &quantized, config: &config, record: &record };
    let (after, encoded) = rayon::join(|| predicted(&quantized.graph), || artifacts.encode());
    let (after, encoded) = (after?, encoded?);
    outputs.write(&encoded)?;
    print_prediction("Origin", before);
    print_prediction("Quantized", after);
    Ok(Outcome::Done)
}

/// The calibration images. A configuration says how many batches there are: of `--batch-size` images,
/// or as many as the graph fixes; if neither says so, all images are dealt out to them, and run one by
/// one.
fn images(
    args: &QuantizeArgs,
    configuration: Option<&Configuration>,
    input: &ImageInput,
    normalization: Normalization,
) -> Result<ImageBatches, amct::Error> {
    let configured = configuration.map(|given| usize::try_from(given.batch_num()).unwrap_or(usize::MAX));
    let has_size = args.batch_size.is_some() || input.batch.is_some();
    let batch_num = match configured {
        Some(batch_num) => Some(batch_num).filter(|_| has_size),
        None => args.batch_num.map(Into::into),
    };
    let batch_size = args.batch_size.map(Into::into);
    let images = ImageBatches::load(&args.calibration, input, normalization, batch_size, batch_num)?;
    match configured.filter(|&wanted| wanted > images.count()) {
        Some(wanted) => {
            let (path, found) = (args.calibration.clone(), images.count());
            Err(DatasetError::NotEnoughBatches { path, found, wanted }.into())
        }
        None => Ok(images),
    }
}

/// What the arguments say. Without a word from the user all images are one batch, as in AMCT's sample.
fn by_arguments(args: &QuantizeArgs, batches: usize) -> Configuration {
    let explicit = args.batch_size.is_some() || args.batch_num.is_some();
    let batch_num = if explicit { u32::try_from(batches).unwrap_or(u32::MAX) } else { 1 };
    Configuration::Arguments { skip_layers: Vec::new(), batch_num, activation_offset: true }
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

fn print_prediction(title: &str, class: Option<Class>) {
    let Some(class) = class else { return };
    println!("{title} Model Prediction:");
    println!("\tcategory index: {}", class.index);
    println!("\tcategory prob: {:.3}", class.value);
}
