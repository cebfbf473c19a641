//! Automatic calibration with a measure of one's own: quantizes as many layers as it allows.
//!
//! `cargo run --release --example custom_evaluator`

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::path::Path;

use amct::auto::{AutoCalibration, Evaluator, Verdict};
use amct::data::{Feeds, read_npy};
use amct::graph::Graph;
use amct::job::{Job, Outputs};
use amct::model::{Arithmetic, Model};

/// Judges a model by the largest of its outputs for one image.
struct Largest {
    image: Feeds,
}

impl Evaluator for Largest {
    /// The metric of a model, float or quantized.
    fn evaluate(&self, graph: &Graph, outputs: &[String]) -> Result<f64, amct::Error> {
        let results = Model::new(graph, outputs, Arithmetic::Integer)?.run(&self.image)?;
        let values = results.first().and_then(|result| result.as_slice::<f32>().ok()).unwrap_or_default();
        Ok(f64::from(values.iter().copied().fold(f32::MIN, f32::max)))
    }

    /// Whether the new metric is good enough beside that of the float model, and the loss.
    fn metric_eval(&self, original: f64, new: f64) -> (bool, f64) {
        let loss = (original - new).abs() / original.abs();
        (loss < 0.1, loss)
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join("amct_example_custom_evaluator");
    let graph = amct::graphdef::load(Path::new("tests/golden/graphs/mobilenet_v1.pb"))?;
    let image = Feeds::from([("input", read_npy("tests/golden/graphs/mobilenet_v1.input.npy")?)]);
    let data = [image.clone()];

    let files = Outputs::new(&folder.join("mobilenet_v1").display().to_string())?;
    let prepared = Job::new(&graph, &[])?.with_data(&data).save_to(files).prepare()?;
    let evaluator = Largest { image };
    let search = AutoCalibration { log_directory: &folder, ..prepared.search(&evaluator)? };
    let report = amct::amct_api::accuracy_based_auto_calibration(search)?;

    assert_eq!(report.verdict, Verdict::Met);
    if let Some(kept) = report.kept {
        println!("{} layers are quantized, {} float", kept.quantized, kept.rolled_back.len());
    }
    Ok(())
}
