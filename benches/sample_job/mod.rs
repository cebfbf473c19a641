//! The work of `amct quantize` without its predictions, on the shipped model.

use std::path::{Path, PathBuf};

use amct::data::ImageBatches;
use amct::pipeline::{self, Artifacts, CalibrateOptions, Outputs, PrepareOptions};
use amct::signature;
use amct_dataset::Normalization;

/// A file of the repository.
pub(crate) fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Calibrates on all images of a directory and saves the model.
pub(crate) fn quantize(directory: &Path, save_path: &str) {
    let outputs = Outputs::new(save_path).unwrap();
    let original = amct::graphdef::load(&root("model/mobilenetv2_tf.pb")).unwrap();
    let names = signature::outputs(&original, &[]).unwrap();
    let outlets = signature::outlets(&original, &names).unwrap();
    let input = signature::image_input(&original, &outlets, None).unwrap();
    let images = ImageBatches::load(directory, &input, Normalization::default(), None, None).unwrap();
    let prepared = pipeline::prepare(&original, &names, &PrepareOptions::default(), Some(&images)).unwrap();
    let config = pipeline::default_config(&prepared, 1, true).unwrap();
    let record =
        pipeline::calibrate(&prepared, &config, &images, &CalibrateOptions::default()).unwrap().record;
    let quantized = pipeline::quantize(&prepared, &record, outputs.prefix()).unwrap();
    outputs.save(&Artifacts { quantized: &quantized, config: Some(&config), record: Some(&record) }).unwrap();
}
