//! The whole job, the work of `amct quantize` without its predictions: the shipped model and its 32
//! images into a temporary directory. And the comparison of the two models over two images.

#![allow(clippy::unwrap_used, reason = "a benchmark with wrong arguments should stop")]
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::path::{Path, PathBuf};

use amct::calibration::Batches;
use amct::compare::{CompareOptions, compare};
use amct::dataset::Normalization;
use amct::interface;
use amct::pipeline::{self, Artifacts, Outputs, PrepareOptions};
use amct::sources::ImageBatches;
use amct::tensor::Tensor;
use criterion::{Criterion, criterion_group};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn quantize(save_path: &str) {
    let outputs = Outputs::new(save_path).unwrap();
    let original = amct::graphdef::load(&root("model/mobilenetv2_tf.pb")).unwrap();
    let names = interface::outputs(&original, &[]).unwrap();
    let outlets = interface::outlets(&original, &names).unwrap();
    let input = interface::image_input(&original, &outlets, None).unwrap();
    let directory = root("data/calibration");
    let images = ImageBatches::load(&directory, &input, Normalization::default(), None, None).unwrap();
    let load = |index: usize| images.feeds(index);
    let batches = Batches::new(images.count(), &load);
    let prepared = pipeline::prepare(&original, &names, &PrepareOptions::default(), &batches).unwrap();
    let config = pipeline::default_config(&prepared, 1, true).unwrap();
    let record = pipeline::calibrate(&prepared, &config, &batches, &|_| ()).unwrap();
    let quantized = pipeline::quantize(&prepared, &record, outputs.prefix()).unwrap();
    outputs.save(&Artifacts { quantized: &quantized, config: &config, record: &record }).unwrap();
}

fn job(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let save_path = directory.path().join("mobilenet_v2");
    let save_path = save_path.to_str().unwrap();
    criterion.bench_function("job", |bencher| bencher.iter(|| quantize(save_path)));

    let float = amct::graphdef::load(&root("model/mobilenetv2_tf.pb")).unwrap();
    let quantized = amct::graphdef::load(&Outputs::new(save_path).unwrap().quantized_pb()).unwrap();
    let image = Tensor::full([1, 224, 224, 3], 0.25_f32).unwrap();
    let load = |_| Ok(vec![("input".to_owned(), image.clone())]);
    let (inputs, options) = (Batches::new(2, &load), CompareOptions::default());
    criterion.bench_function("compare two images", |bencher| {
        bencher.iter(|| compare(&float, &quantized, &options, &inputs).unwrap());
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = job
}

fn main() {
    amct::Isa::from_environment().unwrap().choose().unwrap();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
