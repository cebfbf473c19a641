//! Calibrates by hand, on data of one's own: each step by itself, with a changed configuration.
//!
//! `cargo run --release --example calibrate_own_data`

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::path::Path;

use amct::data::{BatchError, Batches, Feeds};
use amct::pipeline::{self, CalibrateOptions, PrepareOptions};
use amct::tensor::Tensor;

/// Waves of different length: what comes from a database or a sensor goes here.
struct Waves {
    count: usize,
}

impl Batches for Waves {
    fn len(&self) -> usize {
        self.count
    }

    // Called more than once per batch, and from several threads: what is returned must not change.
    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        if index >= self.count {
            return Err(BatchError::missing(index));
        }
        let (height, width) = (32, 32);
        let step = 0.1 + index as f32 / 10.0;
        let values = (0..height * width * 3).map(|place| (place as f32 * step).sin()).collect();
        let image = Tensor::from_vec([1, height, width, 3], values);
        Ok(Feeds::from([("input", image.map_err(|error| BatchError::new(index, error))?)]))
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let graph = amct::graphdef::load(Path::new("tests/golden/graphs/mobilenet_v1.pb"))?;
    let outputs = amct::signature::outputs(&graph, &[])?;
    let data = Waves { count: 3 };

    // Batch norms are folded into their layers, and the layers that can be quantized are found.
    let prepared = pipeline::prepare(&graph, &outputs, &PrepareOptions::default(), Some(&data))?;

    // The first layer stays float.
    let mut config = pipeline::default_config(&prepared, 1, true)?;
    let first = prepared.scan.layers[0].name.clone();
    if let Some(layer) = config.layers.get_mut(&first) {
        layer.quant_enable = false;
    }

    let progress = |progress| println!("{progress:?}");
    let options = CalibrateOptions::default().with_progress(&progress);
    let record = pipeline::calibrate(&prepared, &config, &data, &options)?.record;
    assert!(record.get(&first).is_none());
    println!("{}", record.to_text());

    let quantized = pipeline::quantize(&prepared, &record, "mobilenet_v1")?;
    assert_eq!(quantized.layers.len() + 1, prepared.scan.layers.len());
    Ok(())
}
