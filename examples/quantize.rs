//! Quantizes the shipped model on images, from the float model to the files that ATC takes.
//!
//! `cargo run --release --example quantize`

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::path::Path;

use amct::data::{ImageBatches, Normalization};
use amct::job::{CalibrateOptions, Job, Outputs};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let save_path = std::env::temp_dir().join("amct_example_quantize/mobilenet_v2");
    let graph = amct::graphdef::load(Path::new("model/mobilenetv2_tf.pb"))?;

    // The job knows the outputs (here the graph's only leaf) and the input that takes images.
    let job = Job::new(&graph, &[])?.save_to(Outputs::new(&save_path.display().to_string())?);
    let input = job.image_input(None)?;

    // Four batches of one image; pixels become (pixel - 128) / 128. Images are read when they are needed.
    let normalization = Normalization::new(&[128.0], &[128.0])?;
    let images = ImageBatches::load(Path::new("data/calibration"), &input, normalization, None, Some(4))?;

    // Each stage can be looked at, saved, and taken up again from its file.
    let prepared = job.with_data(&images).prepare()?;
    let layers = prepared.config().layers.len();
    let calibrated = prepared.calibrate(&CalibrateOptions::default())?;
    let quantized = calibrated.quantize()?;
    quantized.save()?;
    assert_eq!(quantized.quantized().layers.len(), layers);
    println!("{layers} layers are quantized, the model is {}_quantized.pb", save_path.display());
    Ok(())
}
