//! The whole job, the work of `amct quantize` without its predictions: the shipped model and its 32
//! images into a temporary directory. And the comparison of the two models over two images.

#![allow(clippy::unwrap_used, reason = "a benchmark with wrong arguments should stop")]
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

mod sample_job;

use amct::compare::{CompareOptions, compare};
use amct::pipeline::Outputs;
use amct_interpreter::Feeds;
use amct_tensor::Tensor;
use criterion::{Criterion, criterion_group};

use sample_job::{quantize, root};

fn job(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let save_path = directory.path().join("mobilenet_v2");
    let save_path = save_path.to_str().unwrap();
    let images = root("data/calibration");
    criterion.bench_function("job", |bencher| bencher.iter(|| quantize(&images, save_path)));

    let float = amct::graphdef::load(&root("model/mobilenetv2_tf.pb")).unwrap();
    let quantized = amct::graphdef::load(&Outputs::new(save_path).unwrap().quantized_pb()).unwrap();
    let image = Tensor::full([1, 224, 224, 3], 0.25_f32).unwrap();
    let image = Feeds::from([("input", image)]);
    let (inputs, options) = (vec![image; 2], CompareOptions::default());
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
