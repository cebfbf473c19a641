//! Runs a model on an image and tells the classes it sees.
//!
//! `cargo run --release --example run`

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::path::Path;

use amct::data::{Normalization, single_image};
use amct::job::Job;
use amct::model::{Arithmetic, Model};
use amct::predict::top_classes;

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let graph = amct::graphdef::load(Path::new("model/mobilenetv2_tf.pb"))?;

    // A float model, or a quantized one: the arithmetic is that of the quantized layers.
    let model = Model::new(&graph, &[], Arithmetic::Integer)?;
    let input = Job::new(&graph, &[])?.image_input(None)?;
    let normalization = Normalization::new(&[128.0], &[128.0])?;
    let image = single_image(Path::new("data/classification.jpg"), &input, normalization)?;

    // Inputs go by name, outputs come in the order of `outputs()`. A model runs any number of times, also
    // from several threads at once.
    let outputs = model.run([(input.name.as_str(), image)])?;
    let classes = top_classes(&model.outputs()[0], &outputs[0], 1)?;
    assert_eq!(classes.len(), 1);
    println!("class {} with {:.3}", classes[0].index, classes[0].value);
    Ok(())
}
