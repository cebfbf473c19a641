//! The shipped model as a whole: float and integer, batch 1.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::path::Path;

use amct::model::Model;
use amct::pipeline::{self, CalibrateOptions, PrepareOptions, Quantized};
use amct_interpreter::{Arithmetic, Feeds};
use amct_tensor::Tensor;
use criterion::{Criterion, criterion_group};

#[global_allocator]
static ALLOCATOR: amct::CacheAligned = amct::CacheAligned;

const OUTPUT: &str = "MobilenetV2/Predictions/Reshape_1";

fn input(batch: usize) -> Tensor {
    let image = amct_dataset::read_npy(root("tests/golden/model/classification_input.npy")).unwrap();
    let data = image.as_slice::<f32>().unwrap().repeat(batch);
    Tensor::from_vec([batch, 224, 224, 3], data).unwrap()
}

fn root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Quantized on one image: the numbers do not matter to the clock.
fn quantized(graph: &amct_graph::Graph) -> Quantized {
    let batches = [Feeds::from([("input", input(1))])];
    let outputs = [OUTPUT.to_owned()];
    let prepared = pipeline::prepare(graph, &outputs, &PrepareOptions::default(), Some(&batches)).unwrap();
    let config = pipeline::default_config(&prepared, 1, true).unwrap();
    let record =
        pipeline::calibrate(&prepared, &config, &batches, &CalibrateOptions::default()).unwrap().record;
    pipeline::quantize(&prepared, &record, "bench").unwrap()
}

fn models(criterion: &mut Criterion) {
    // As the command line does: this thread takes part.
    rayon::ThreadPoolBuilder::new().use_current_thread().build_global().unwrap();
    let graph = amct::graphdef::load(&root("model/mobilenetv2_tf.pb")).unwrap();
    let quantized = quantized(&graph);
    let outputs = [OUTPUT.to_owned()];
    let fused = pipeline::prepare(&graph, &outputs, &PrepareOptions::default(), None).unwrap();
    for (name, graph) in [("float", &graph), ("fused", &fused.graph), ("int8", &quantized.graph)] {
        let model = Model::new(graph, &[OUTPUT.to_owned()], Arithmetic::Integer).unwrap();
        for batch in [1, 32] {
            let input = input(batch);
            let id = format!("mobilenetv2/{name}/batch{batch}");
            criterion.bench_function(&id, |bencher| {
                bencher.iter(|| black_box(model.run([("input", input.clone())]).unwrap()));
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = models
}

fn main() {
    amct::Isa::from_environment().unwrap().choose().unwrap();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
