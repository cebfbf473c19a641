//! Layers computed together, a band of lines at a time, give the bits of one after the other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use amct_graph::{AttrValue, Graph, Node, Outlet, TensorLiteral};
use amct_interpreter::{Plan, PlanOptions, Value};
use amct_tensor::Tensor;
use amct_tensor::quantization::DeqScale;

/// A layer: kernel height and width, stride, padding, and output channels, 0 for a depthwise one.
type Layer = ([usize; 2], i64, &'static str, usize);

/// Layers over an image of this height, width and channels.
struct Chain {
    image: [usize; 3],
    layers: Vec<Layer>,
    /// Whether the image is added to the last output, which has its shape then.
    residual: bool,
    /// How many of the layers have large tensors of floats between them.
    together: usize,
}

fn chains() -> Vec<Chain> {
    let chain = |image, layers: &[Layer], residual, together| Chain {
        image,
        layers: layers.to_vec(),
        residual,
        together,
    };
    let point = |channels| ([1, 1], 1, "SAME", channels);
    vec![
        // Blocks of MobileNetV2, the second with its sum.
        chain([127, 90, 8], &[point(96), ([3, 3], 2, "SAME", 0), point(24)], false, 3),
        chain([103, 77, 16], &[point(144), ([3, 3], 1, "SAME", 0), point(16)], true, 3),
        // Windows that leave lines out, windows without padding, other heights than widths.
        chain([131, 97, 5], &[([5, 3], 1, "VALID", 88), ([2, 2], 3, "VALID", 0), point(7)], false, 2),
        chain([160, 81, 3], &[([3, 3], 1, "SAME", 96), ([1, 1], 2, "SAME", 0)], false, 2),
        // All of them large, so that lines go through four layers.
        chain(
            [150, 110, 4],
            &[point(72), ([3, 3], 1, "SAME", 0), ([3, 5], 1, "SAME", 70), ([7, 7], 2, "SAME", 0)],
            false,
            4,
        ),
    ]
}

/// Reproducible integers in [-limit, limit].
fn integers(seed: usize, len: usize, limit: i32) -> Vec<i32> {
    let mut state = (seed as u32).wrapping_mul(2_654_435_761) | 1;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as i32 % (2 * limit + 1) - limit
    };
    std::iter::repeat_with(next).take(len).collect()
}

fn floats(shape: &[usize], seed: usize) -> Tensor {
    let values = integers(seed, shape.iter().product(), 10_000);
    Tensor::from_vec(shape, values.iter().map(|&v| v as f32 / 9000.0).collect()).unwrap()
}

fn node(name: &str, op: &str, inputs: &[&str], attrs: &[(&str, AttrValue)]) -> (Node, Vec<String>) {
    let attrs = attrs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let node = Node { name: name.into(), op: op.into(), attrs, ..Node::default() };
    (node, inputs.iter().map(|&input| input.to_owned()).collect())
}

fn constant(name: &str, tensor: &Tensor) -> (Node, Vec<String>) {
    node(name, "Const", &[], &[("value", AttrValue::tensor(TensorLiteral::encode(tensor)))])
}

impl Chain {
    fn graph(&self, quantized: bool) -> Graph {
        amct_kernels::Isa::from_environment().unwrap().choose().unwrap();
        let mut nodes = vec![node("x", "Placeholder", &[], &[])];
        let (mut last, mut channels) = ("x".to_owned(), self.image[2]);
        for (index, &([height, width], stride, padding, out)) in self.layers.iter().enumerate() {
            let (op, weights) = match out {
                0 => ("DepthwiseConv2dNative", [height, width, channels, 1]),
                _ => ("Conv2D", [height, width, channels, out]),
            };
            channels = if out == 0 { channels } else { out };
            let window = [
                ("strides", AttrValue::ints([1, stride, stride, 1])),
                ("padding", AttrValue::string(padding)),
            ];
            let name = |part: &str| format!("{part}{index}");
            if quantized {
                let q = integers(index, weights.iter().product(), 127).iter().map(|&v| v as i8).collect();
                let scales = (0..channels).map(|c| DeqScale::new(0.02, 0.002 + c as f32 * 1e-5).to_bits());
                let quant = [("scale", AttrValue::F(31.7)), ("offset", AttrValue::F(index as f32 - 3.0))];
                let dequant =
                    [("ksize", AttrValue::ints([1, 1])), ("data_format", AttrValue::string("NHWC"))];
                nodes.extend([
                    node(&name("quant"), "AscendQuant", &[&last], &quant),
                    constant(&name("w"), &Tensor::from_vec(weights, q).unwrap()),
                    constant(&name("w_offset"), &Tensor::vector(vec![0_i8])),
                    node(&name("weight"), "AscendWeightQuant", &[&name("w"), &name("w_offset")], &[]),
                    node(&name("layer"), op, &[&name("quant"), &name("weight")], &window),
                    constant(&name("scales"), &Tensor::vector(scales.collect::<Vec<u64>>())),
                    node(&name("sum"), "AscendDequant", &[&name("layer"), &name("scales")], &dequant),
                ]);
            } else {
                nodes.extend([
                    constant(&name("w"), &floats(&weights, index)),
                    constant(&name("bias"), &floats(&[channels], index + 50)),
                    node(&name("layer"), op, &[&last, &name("w")], &window),
                    node(&name("sum"), "BiasAdd", &[&name("layer"), &name("bias")], &[]),
                ]);
            }
            nodes.push(node(&name("relu"), "Relu6", &[&name("sum")], &[]));
            last = name("relu");
        }
        if self.residual {
            nodes.push(node("y", "Add", &[&last, "x"], &[]));
        } else {
            nodes.push(node("y", "Identity", &[&last], &[]));
        }
        Graph::from_named(nodes, Default::default()).unwrap()
    }

    fn input(&self, images: usize) -> Tensor {
        let [height, width, channels] = self.image;
        floats(&[images, height, width, channels], 77)
    }
}

fn bits(values: &[Value]) -> Vec<u32> {
    let Some(Value::Plain(tensor)) = values.first() else { panic!("no float output") };
    tensor.as_slice::<f32>().unwrap().iter().map(|x| x.to_bits()).collect()
}

/// Every node's output is asked for, so that nothing can be computed together.
fn one_by_one(graph: &Graph, input: &Tensor) -> Vec<u32> {
    let outlets: Vec<Outlet> =
        [graph.outlet("y").unwrap()].into_iter().chain(graph.nodes().map(|(id, _)| id.into())).collect();
    let plan = Plan::compile(graph, &outlets, &PlanOptions::default()).unwrap();
    bits(&plan.run(&[("x", input.clone())].into()).unwrap())
}

#[test]
fn bands_give_the_bits_of_one_layer_after_the_other() {
    for (chain, quantized) in chains().iter().flat_map(|chain| [(chain, false), (chain, true)]) {
        let name = format!("{:?}, quantized {quantized}", chain.layers);
        let graph = chain.graph(quantized);
        let input = chain.input(1);
        let expected = one_by_one(&graph, &input);
        assert!(expected.iter().any(|&x| x != 0), "{name}");
        let plan = Plan::compile(&graph, &[graph.outlet("y").unwrap()], &PlanOptions::default()).unwrap();
        for threads in [1, 2, 3, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| plan.run(&[("x", input.clone())].into()).unwrap());
            assert!(bits(&found) == expected, "{name}, {threads} threads");
        }
        let two = plan.run(&[("x", chain.input(2))].into()).unwrap();
        assert!(bits(&two).starts_with(&expected), "{name}, two images");
    }
}

#[test]
fn layers_with_large_tensors_between_them_are_one_row_of_the_profile() {
    for chain in chains() {
        let graph = chain.graph(false);
        let plan = Plan::compile(&graph, &[graph.outlet("y").unwrap()], &PlanOptions::default()).unwrap();
        let (_, rows) = plan.run_profiled(&[("x", chain.input(1))].into()).unwrap();
        let layers: Vec<_> = rows.iter().filter(|row| row.multiply_adds > 0).collect();
        let kind = |op: &&String| op.starts_with("Conv2D") || op.starts_with("Depthwise");
        let together = layers[0].absorbed.iter().filter(kind).count() + 1;
        assert_eq!(together, chain.together, "{:?}", chain.layers);
        assert_eq!(layers.len(), chain.layers.len() + 1 - together, "{:?}", chain.layers);

        // int8 tensors are a quarter as large; the first is large in every chain.
        let graph = chain.graph(true);
        let plan = Plan::compile(&graph, &[graph.outlet("y").unwrap()], &PlanOptions::default()).unwrap();
        let (_, rows) = plan.run_profiled(&[("x", chain.input(1))].into()).unwrap();
        let layers = rows.iter().filter(|row| row.multiply_adds > 0).count();
        assert!(layers < chain.layers.len(), "{:?}", chain.layers);
    }
}

#[test]
fn a_layer_that_somebody_else_reads_is_computed_whole() {
    let chain = &chains()[0];
    let graph = chain.graph(false);
    let outlets = ["y", "relu0"].map(|name| graph.outlet(name).unwrap());
    let plan = Plan::compile(&graph, &outlets, &PlanOptions::default()).unwrap();
    let (values, rows) = plan.run_profiled(&[("x", chain.input(1))].into()).unwrap();
    assert_eq!(bits(&values), one_by_one(&graph, &chain.input(1)));
    let work = |row: &&amct_interpreter::StepTime| row.multiply_adds > 0;
    // The first layer; then depthwise and projection.
    assert_eq!(rows.iter().filter(work).count(), 2);
}
