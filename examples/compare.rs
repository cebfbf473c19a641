//! Tells where accuracy goes: a quantized model beside its float model, value by value.
//!
//! `cargo run --release --example compare`

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::path::Path;

use amct::compare::Rank;
use amct::data::{Feeds, read_npy};
use amct::job::{CalibrateOptions, Job};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let graph = amct::graphdef::load(Path::new("tests/golden/graphs/mobilenet_v1.pb"))?;
    let image = read_npy("tests/golden/graphs/mobilenet_v1.input.npy")?;
    let data = [Feeds::from([("input", image)])];
    let job = Job::new(&graph, &[])?.with_data(&data);
    let quantized = job.prepare()?.calibrate(&CalibrateOptions::default())?.quantize()?;

    // For two models from files it is `amct::compare::compare`.
    let found = quantized.compare(&data)?;
    for output in &found.outputs {
        println!("output {}: {:.1} dB", output.name, output.errors.sqnr_db);
    }
    // The layers that add most to the error themselves, worst first.
    for layer in found.worst_layers(Rank::Own).into_iter().take(3) {
        let own = layer.split.map(|split| split.own.sqnr_db);
        println!("layer {}: {own:?} dB", layer.layer);
    }
    assert_eq!(found.layers.len(), quantized.quantized().layers.len());
    Ok(())
}
