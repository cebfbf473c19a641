//! However a plan runs, its bits are the same: node by node or several nodes in one step, one image
//! or several, on one thread or more, with whatever instructions the CPU has.

use amct_graph::{Graph, Outlet};
use amct_interpreter::{Arithmetic, Plan, PlanOptions, Value};
use amct_tensor::Tensor;

use crate::sample::quantized;
use crate::support::{npy, shipped_model};

const OUTPUT: &str = "MobilenetV2/Predictions/Reshape_1";

fn models() -> [(&'static str, Graph); 2] {
    [("float", shipped_model()), ("int8", quantized().clone())]
}

fn outlet(graph: &Graph) -> Outlet {
    graph.find(OUTPUT).unwrap().into()
}

fn plan(graph: &Graph, outputs: &[Outlet]) -> Plan {
    let options = PlanOptions { arithmetic: Arithmetic::Integer, ..PlanOptions::default() };
    Plan::compile(graph, outputs, &options).unwrap()
}

/// Different images, made of one.
fn images(count: usize) -> Vec<Tensor> {
    let image = npy("classification_input.npy");
    let shape = image.shape().to_vec();
    let values = image.into_vec::<f32>().unwrap();
    (0..count)
        .map(|index| {
            let mut values = values.clone();
            values.rotate_left(index * 224 * 3 * 17);
            Tensor::from_vec(shape.as_slice(), values).unwrap()
        })
        .collect()
}

fn batch(images: &[Tensor]) -> Tensor {
    let values = images.iter().flat_map(|image| image.as_slice::<f32>().unwrap().to_vec()).collect();
    Tensor::from_vec([images.len(), 224, 224, 3], values).unwrap()
}

fn run(plan: &Plan, input: Tensor) -> Vec<u32> {
    let outputs = plan.run(&[("input", input)].into()).unwrap();
    let Some(Value::Plain(output)) = outputs.first() else { panic!("no float output") };
    output.as_slice::<f32>().unwrap().iter().map(|x| x.to_bits()).collect()
}

#[test]
fn nodes_computed_in_one_step_give_the_bits_of_one_by_one() {
    for (name, graph) in models() {
        // The output first, then every node, so that nothing is computed with what follows it.
        let every: Vec<Outlet> =
            [outlet(&graph)].into_iter().chain(graph.nodes().map(|(id, _)| id.into())).collect();
        for image in images(2) {
            let together = run(&plan(&graph, &[outlet(&graph)]), image.clone());
            assert_eq!(together, run(&plan(&graph, &every), image), "{name}");
        }
    }
}

#[test]
fn a_batch_gives_the_bits_of_its_images_for_any_number_of_threads() {
    for (name, graph) in models() {
        let plan = plan(&graph, &[outlet(&graph)]);
        let images = images(3);
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let alone: Vec<u32> = images.iter().flat_map(|image| run(&plan, image.clone())).collect();
                assert_eq!(run(&plan, batch(&images)), alone, "{name}, {threads} threads");
            });
        }
        // Buffers that an earlier run has left behind do not matter.
        let first = images.into_iter().next().unwrap();
        assert_eq!(run(&plan, first.clone()), run(&plan, first), "{name}");
    }
}

#[test]
fn a_profile_names_every_step_with_its_work() {
    for (name, graph) in models() {
        let image = images(1).remove(0);
        let (outputs, steps) =
            plan(&graph, &[outlet(&graph)]).run_profiled(&[("input", image)].into()).unwrap();
        assert_eq!(outputs.len(), 1);
        // 300 million multiply-adds are what MobileNetV2 is known for.
        let work: u64 = steps.iter().map(|step| step.multiply_adds).sum();
        assert!((290_000_000..310_000_000).contains(&work), "{name}: {work}");
        let kind = |op: &String| op.starts_with("Conv2D") || op.starts_with("DepthwiseConv2d");
        let layers = steps.iter().flat_map(|step| std::iter::once(&step.op).chain(&step.absorbed));
        assert_eq!(layers.filter(|op| kind(op)).count(), 53, "{name}");
        assert!(steps.iter().all(|step| graph.find(&step.node).is_some()));
    }
}
