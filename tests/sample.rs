//! The sample job through the library: the shipped model on a few of its images.

use std::path::Path;
use std::sync::OnceLock;

use amct::data::ImageBatches;
use amct::pipeline::{self, Artifacts, CalibrateOptions, Outputs, PrepareOptions, Quantized};
use amct::signature::{self, ImageInput};
use amct_graph::Graph;

use crate::support::{root, shipped_model};

/// How to run the job; nothing of it may change the results.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) batch_size: Option<usize>,
    pub(crate) threads: usize,
}

/// Copies the first `count` calibration images.
pub(crate) fn copy_images(count: usize, to: &Path) {
    let listing = amct_dataset::list_images(root().join("data/calibration")).unwrap();
    assert!(listing.images.len() >= count);
    for image in &listing.images[..count] {
        std::fs::copy(image, to.join(image.file_name().unwrap())).unwrap();
    }
}

pub(crate) fn image_input(graph: &Graph, outputs: &[String]) -> ImageInput {
    let outlets = signature::outlets(graph, outputs).unwrap();
    signature::image_input(graph, &outlets, None).unwrap()
}

pub(crate) fn normalization() -> amct_dataset::Normalization {
    amct_dataset::Normalization::new(&[128.0], &[128.0]).unwrap()
}

/// Runs the job on `images`; with `save_path` the results are written there.
pub(crate) fn run(graph: &Graph, images: &Path, settings: Settings, save_path: Option<&Path>) -> Quantized {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads).build().unwrap();
    pool.install(|| run_here(graph, images, settings.batch_size, save_path))
}

fn run_here(graph: &Graph, images: &Path, batch_size: Option<usize>, save_path: Option<&Path>) -> Quantized {
    let names = signature::outputs(graph, &[]).unwrap();
    let input = image_input(graph, &names);
    let images = ImageBatches::load(images, &input, normalization(), batch_size, None).unwrap();
    let prepared = pipeline::prepare(graph, &names, &PrepareOptions::default(), Some(&images)).unwrap();
    let config = pipeline::default_config(&prepared, 1, true).unwrap();
    let record =
        pipeline::calibrate(&prepared, &config, &images, &CalibrateOptions::default()).unwrap().record;
    let quantized = pipeline::quantize(&prepared, &record, "mobilenet_v2").unwrap();
    if let Some(save_path) = save_path {
        let outputs = Outputs::new(save_path.to_str().unwrap()).unwrap();
        let artifacts = Artifacts { quantized: &quantized, config: Some(&config), record: Some(&record) };
        outputs.save(&artifacts).unwrap();
    }
    quantized
}

/// The shipped model quantized on two images, once for all tests.
pub(crate) fn quantized() -> &'static Graph {
    static QUANTIZED: OnceLock<Graph> = OnceLock::new();
    QUANTIZED.get_or_init(|| {
        let images = tempfile::tempdir().unwrap();
        copy_images(2, images.path());
        let settings = Settings { batch_size: None, threads: 2 };
        run(&shipped_model(), images.path(), settings, None).graph
    })
}
