//! Every quantizable layer between its Ascend ops: integer arithmetic gives the bits of the float
//! simulation, and really computes in integers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use amct_graph::{AttrValue, Graph, Node, TensorLiteral};
use amct_interpreter::{Arithmetic, Feeds, Plan, PlanOptions, Value};
use amct_tensor::Chain;
use amct_tensor::quantization::DeqScale;
use amct_tensor::{DType, Element, Tensor};

/// A layer with weights: the shapes of its activation and weights, and its output channels.
struct Layer {
    op: &'static str,
    attrs: Vec<(&'static str, AttrValue)>,
    input: Vec<usize>,
    weights: Vec<usize>,
    channels: usize,
    /// The sizes that a transposed convolution is given.
    sizes: Option<[i32; 4]>,
    /// Of BiasAdd and AscendDequant.
    format: &'static str,
}

fn layer(op: &'static str, input: &[usize], weights: &[usize], channels: usize) -> Layer {
    let (input, weights) = (input.to_vec(), weights.to_vec());
    Layer { op, attrs: Vec::new(), input, weights, channels, sizes: None, format: "NHWC" }
}

impl Layer {
    fn window(self, padding: &str, format: &'static str, strides: &[i64]) -> Self {
        let mut layer = self.attr("padding", AttrValue::string(padding));
        layer.format = if format.starts_with("NC") { "NCHW" } else { "NHWC" };
        layer.attr("data_format", AttrValue::string(format)).attr("strides", AttrValue::ints(strides))
    }

    fn attr(mut self, name: &'static str, value: AttrValue) -> Self {
        self.attrs.push((name, value));
        self
    }

    fn sizes(mut self, sizes: [i32; 4]) -> Self {
        self.sizes = Some(sizes);
        self
    }
}

fn layers() -> Vec<Layer> {
    let yes = || AttrValue::B(true);
    vec![
        layer("Conv2D", &[2, 5, 6, 3], &[3, 3, 3, 4], 4).window("SAME", "NHWC", &[1, 2, 1, 1]),
        layer("Conv2D", &[2, 3, 5, 6], &[3, 2, 3, 4], 4).window("SAME", "NCHW", &[1, 1, 2, 1]),
        layer("Conv2D", &[1, 6, 6, 2], &[3, 3, 2, 5], 5)
            .window("VALID", "NHWC", &[1, 1, 1, 1])
            .attr("dilations", AttrValue::ints([1, 2, 2, 1])),
        layer("Conv2D", &[2, 4, 5, 6], &[3, 3, 2, 9], 9).window("SAME", "NHWC", &[1, 1, 1, 1]),
        layer("Conv2D", &[2, 6, 4, 5], &[2, 3, 3, 4], 4).window("VALID", "NCHW", &[1, 1, 1, 1]),
        layer("DepthwiseConv2dNative", &[2, 5, 6, 3], &[3, 3, 3, 1], 3).window("SAME", "NHWC", &[1, 2, 2, 1]),
        layer("DepthwiseConv2dNative", &[1, 5, 6, 3], &[3, 3, 3, 4], 12).window(
            "SAME",
            "NHWC",
            &[1, 1, 1, 1],
        ),
        layer("DepthwiseConv2dNative", &[1, 3, 5, 6], &[3, 2, 3, 2], 6).window(
            "VALID",
            "NCHW",
            &[1, 1, 1, 1],
        ),
        layer("Conv2DBackpropInput", &[2, 4, 3, 5], &[3, 3, 4, 5], 4)
            .window("SAME", "NHWC", &[1, 2, 2, 1])
            .sizes([2, 8, 6, 4]),
        layer("Conv2DBackpropInput", &[2, 5, 4, 3], &[2, 3, 4, 5], 4)
            .window("VALID", "NCHW", &[1, 1, 3, 2])
            .sizes([-1, 4, 12, 7]),
        layer("Conv2DBackpropInput", &[1, 2, 2, 3], &[2, 2, 4, 3], 4)
            .window("VALID", "NHWC", &[1, 4, 4, 1])
            .sizes([1, 7, 7, 4]),
        layer("Conv3D", &[2, 3, 4, 5, 3], &[2, 3, 3, 3, 4], 4).window("SAME", "NDHWC", &[1, 1, 2, 1, 1]),
        layer("Conv3D", &[1, 3, 4, 5, 5], &[2, 2, 3, 3, 2], 2)
            .window("VALID", "NCDHW", &[1, 1, 1, 1, 1])
            .attr("dilations", AttrValue::ints([1, 1, 2, 2, 1])),
        layer("MatMul", &[4, 7], &[7, 5], 5),
        layer("MatMul", &[4, 7], &[5, 7], 5).attr("transpose_b", yes()),
        layer("BatchMatMul", &[4, 7], &[7, 5], 5),
        layer("BatchMatMulV2", &[2, 4, 7], &[7, 5], 5),
        layer("BatchMatMulV2", &[2, 3, 4, 7], &[5, 7], 5).attr("adj_y", yes()),
        layer("BatchMatMulV2", &[2, 7, 4], &[3, 1, 7, 5], 5).attr("adj_x", yes()),
    ]
}

/// Reproducible integers in [-limit, limit].
fn integers(seed: u32, len: usize, limit: i32) -> Vec<i32> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as i32 % (2 * limit + 1) - limit
    };
    std::iter::repeat_with(next).take(len).collect()
}

fn floats(shape: &[usize], seed: u32) -> Tensor {
    let values = integers(seed, shape.iter().product(), 10_000);
    Tensor::from_vec(shape, values.iter().map(|&v| v as f32 / 3000.0).collect()).unwrap()
}

fn int8s(shape: &[usize], seed: u32) -> Tensor {
    let values = integers(seed, shape.iter().product(), 127);
    Tensor::from_vec(shape, values.iter().map(|&v| v as i8).collect()).unwrap()
}

#[derive(Default)]
struct Builder(Vec<(Node, Vec<String>)>);

impl Builder {
    fn node(&mut self, name: &str, op: &str, inputs: &[&str], attrs: Vec<(&str, AttrValue)>) {
        let attrs = attrs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let node = Node { name: name.into(), op: op.into(), attrs, ..Node::default() };
        self.0.push((node, inputs.iter().map(|&input| input.to_owned()).collect()));
    }

    fn constant<T: Element>(&mut self, name: &str, values: Vec<T>) {
        self.tensor(name, &Tensor::vector(values));
    }

    fn tensor(&mut self, name: &str, tensor: &Tensor) {
        let value = AttrValue::tensor(TensorLiteral::encode(tensor));
        self.node(name, "Const", &[], vec![("value", value)]);
    }

    fn quant(&mut self, name: &str, input: &str, offset: f32) {
        let attrs = vec![("scale", AttrValue::F(41.7)), ("offset", AttrValue::F(offset))];
        self.node(name, "AscendQuant", &[input], attrs);
    }

    fn dequant(&mut self, input: &str, words: &[DeqScale], format: &str, ksize: [i64; 2]) {
        self.constant::<u64>("deq_scale", words.iter().map(|word| word.to_bits()).collect());
        let attrs = vec![("ksize", AttrValue::ints(ksize)), ("data_format", AttrValue::string(format))];
        self.node("dequant", "AscendDequant", &[input, "deq_scale"], attrs);
    }

    fn graph(self) -> Graph {
        amct_kernels::Isa::from_environment().unwrap().choose().unwrap();
        Graph::from_named(self.0, Default::default()).unwrap()
    }
}

/// `count` different scales without shift.
fn scales(count: usize) -> Vec<DeqScale> {
    (0..count).map(|i| DeqScale::new(0.024, 0.003 + i as f32 * 0.0011)).collect()
}

fn quantized(layer: &Layer, bias: bool, words: &[DeqScale]) -> Graph {
    quantized_nodes(layer, bias, words).graph()
}

fn quantized_nodes(layer: &Layer, bias: bool, words: &[DeqScale]) -> Builder {
    let mut builder = Builder::default();
    builder.node("x", "Placeholder", &[], Vec::new());
    builder.quant("quant", "x", -7.0);
    builder.tensor("w", &int8s(&layer.weights, 5));
    builder.constant("w_offset", vec![0_i8]);
    builder.node("weight_quant", "AscendWeightQuant", &["w", "w_offset"], Vec::new());
    if let Some(sizes) = layer.sizes {
        builder.constant("sizes", sizes.to_vec());
        builder.node("layer", layer.op, &["sizes", "weight_quant", "quant"], layer.attrs.clone());
    } else {
        builder.node("layer", layer.op, &["quant", "weight_quant"], layer.attrs.clone());
    }
    if bias {
        builder.constant("bias", integers(11, layer.channels, 100_000));
        let types = vec![("SrcT", AttrValue::Type(3)), ("DstT", AttrValue::Type(1))];
        builder.node("cast", "Cast", &["bias"], types);
        let format = vec![("data_format", AttrValue::string(layer.format))];
        builder.node("bias_add", "BiasAdd", &["layer", "cast"], format);
    }
    builder.dequant(if bias { "bias_add" } else { "layer" }, words, layer.format, [1, 1]);
    builder
}

/// The values of `outlets` under each arithmetic.
fn both(graph: &Graph, outlets: &[&str], feeds: &Feeds) -> [Vec<Value>; 2] {
    let outlets: Vec<_> = outlets.iter().map(|name| graph.outlet(name).unwrap()).collect();
    [Arithmetic::Integer, Arithmetic::FloatSimulation].map(|arithmetic| {
        let options = PlanOptions { arithmetic, ..PlanOptions::default() };
        Plan::compile(graph, &outlets, &options).unwrap().run(feeds).unwrap()
    })
}

fn bits(value: &Value) -> Vec<u32> {
    let Value::Plain(tensor) = value else { panic!("a quantized value leaves the graph") };
    tensor.as_slice::<f32>().unwrap().iter().map(|x| x.to_bits()).collect()
}

fn dtype(value: &Value) -> DType {
    let Value::Plain(tensor) = value else { panic!("a quantized value leaves the graph") };
    tensor.dtype()
}

#[test]
fn integer_layers_give_the_bits_of_the_simulation() {
    for layer in layers() {
        for (bias, count) in [(false, 1), (false, layer.channels), (true, 1), (true, layer.channels)] {
            let name = format!("{} {:?} bias {bias}, {count} scales", layer.op, layer.input);
            let graph = quantized(&layer, bias, &scales(count));
            let feeds = Feeds::from([("x", floats(&layer.input, 3))]);
            let [integer, simulated] = both(&graph, &["dequant", "layer"], &feeds);
            assert_eq!(integer[0].shape(), simulated[0].shape(), "{name}");
            assert_eq!(bits(&integer[0]), bits(&simulated[0]), "{name}");
            assert!(bits(&integer[0]).iter().any(|&x| x != 0), "{name}");
            assert_eq!((dtype(&integer[1]), dtype(&simulated[1])), (DType::I32, DType::F32), "{name}");
        }
    }
}

/// A residual sum or the next layer's quantization, and what lies before: all in one step, to the bits of one
/// node after the other.
#[test]
fn layers_of_every_kind_do_what_follows_them() {
    for layer in layers().iter().filter(|layer| layer.format == "NHWC") {
        let words = scales(layer.channels);
        let x = || Value::from(floats(&layer.input, 3));
        let [sums, _] = both(&quantized(layer, true, &words), &["dequant"], &[("x", x())].into());
        for last in ["AddV2", "AscendQuant"] {
            let name = format!("{} {:?} {last}", layer.op, layer.input);
            let mut builder = quantized_nodes(layer, true, &words);
            builder.node("relu", "Relu6", &["dequant"], Vec::new());
            builder.node("r", "Placeholder", &[], Vec::new());
            if last == "AddV2" {
                builder.node("y", last, &["relu", "r"], Vec::new());
            } else {
                builder.quant("next", "relu", 3.0);
                builder.node("y", "AscendAntiQuant", &["next"], vec![("scale", AttrValue::F(0.3))]);
            }
            let graph = builder.graph();
            let mut feeds = Feeds::from([("x", x())]);
            if last == "AddV2" {
                feeds.insert("r", floats(sums[0].shape(), 8));
            }
            let plan = |outlets: &[&str]| {
                let outlets: Vec<_> = outlets.iter().map(|name| graph.outlet(name).unwrap()).collect();
                Plan::compile(&graph, &outlets, &PlanOptions::default()).unwrap()
            };
            let apart = plan(&["y", "layer", "bias_add", "dequant", "relu"]).run(&feeds).unwrap();
            // The buffers of the first run are used again in the second.
            let whole = plan(&["y"]);
            whole.run(&feeds).unwrap();
            let (together, rows) = whole.run_profiled(&feeds).unwrap();
            assert_eq!(bits(&together[0]), bits(&apart[0]), "{name}");
            assert!(bits(&together[0]).iter().any(|&x| x != 0), "{name}");
            let row = rows.iter().find(|row| row.op == layer.op).unwrap();
            assert_eq!(row.absorbed, ["BiasAdd", "AscendDequant", "Relu6", last], "{name}");
        }
    }
}

/// Shifts from 1 to 16, some of which clamp and some of which leave nothing.
#[test]
fn shifted_sums_give_the_bits_of_the_simulation() {
    for layer in layers() {
        for (bias, count) in [(true, 1), (false, layer.channels), (true, layer.channels)] {
            let words: Vec<DeqScale> =
                scales(count).into_iter().zip(1..).map(|(word, i)| word.shifted(i * 7 % 16 + 1)).collect();
            let name = format!("{} {:?} bias {bias}, {count} shifts", layer.op, layer.input);
            let feeds = Feeds::from([("x", floats(&layer.input, 3))]);
            let [integer, simulated] = both(&quantized(&layer, bias, &words), &["dequant"], &feeds);
            assert_eq!(bits(&integer[0]), bits(&simulated[0]), "{name}");
            let [plain, _] = both(&quantized(&layer, bias, &scales(count)), &["dequant"], &feeds);
            assert_ne!(bits(&integer[0]), bits(&plain[0]), "{name}: the shift loses bits");
        }
    }
}

/// 2^30 - 1 is not an f32. Its upper half is 16383, of the nearest f32 it would be 16384.
#[test]
fn an_integer_is_shifted_before_it_is_rounded() {
    let mut builder = Builder::default();
    builder.node("x", "Placeholder", &[], Vec::new());
    let word = DeqScale { scale: 0.5, shift_n: 16, offset_w: 0 };
    builder.dequant("x", &[word], "NHWC", [1, 1]);
    let graph = builder.graph();
    let outlet = graph.outlet("dequant").unwrap();
    let plan = Plan::compile(&graph, &[outlet], &PlanOptions::default()).unwrap();
    let sums = Tensor::vector(vec![(1 << 30) - 1, 1 << 30, -1, -(1 << 16), i32::MAX, i32::MIN]);
    let found = plan.run(&[("x", sums)].into()).unwrap();
    let step = 0.5 * 65_536.0_f32;
    let expected = [16_383.0, 16_384.0, -1.0, -1.0, 32_767.0, -32_768.0].map(|x| (x * step).to_bits());
    assert_eq!(bits(&found[0]), expected);
}

#[test]
fn a_shift_beyond_16_is_refused() {
    let mut builder = Builder::default();
    builder.node("x", "Placeholder", &[], Vec::new());
    builder.dequant("x", &[DeqScale { scale: 1.0, shift_n: 17, offset_w: 0 }], "NHWC", [1, 1]);
    let graph = builder.graph();
    let outlet = graph.outlet("dequant").unwrap();
    let error = Chain(&Plan::compile(&graph, &[outlet], &PlanOptions::default()).err().unwrap()).to_string();
    assert!(error.contains("'dequant'") && error.contains("shifts by 17, but only 0 to 16"), "{error}");
}

/// The value in front of a float reader, quantized and back: AscendQuant -> AscendAntiQuant -> MaxPool.
#[test]
fn a_pooling_of_quantized_values_gives_the_bits_of_the_simulation() {
    for offset in [-128.0_f32, -7.0, 0.0] {
        let mut builder = Builder::default();
        builder.node("x", "Placeholder", &[], Vec::new());
        builder.quant("quant", "x", offset);
        let attrs = vec![("scale", AttrValue::F(1.0 / 41.7)), ("offset", AttrValue::F(-offset))];
        builder.node("anti_quant", "AscendAntiQuant", &["quant"], attrs);
        let attrs = vec![
            ("ksize", AttrValue::ints([1, 2, 2, 1])),
            ("strides", AttrValue::ints([1, 2, 2, 1])),
            ("padding", AttrValue::string("SAME")),
        ];
        builder.node("pool", "MaxPool", &["anti_quant"], attrs);
        builder.node("sum", "AddV2", &["anti_quant", "x"], Vec::new());
        let x = floats(&[2, 3, 4, 3], 9);
        let [integer, simulated] =
            both(&builder.graph(), &["anti_quant", "pool", "sum"], &[("x", x.clone())].into());
        for (integer, simulated) in integer.iter().zip(&simulated) {
            assert_eq!(bits(integer), bits(simulated), "{offset}");
        }
        let expected: Vec<u32> = x
            .as_slice::<f32>()
            .unwrap()
            .iter()
            .map(|&x| {
                let q = amct_tensor::quantization::quantize(x, 41.7, offset as i32);
                ((i32::from(q) - offset as i32) as f32 * (1.0 / 41.7)).to_bits()
            })
            .collect();
        assert_eq!(bits(&integer[0]), expected, "{offset}");
    }
}

#[test]
fn an_image_does_not_depend_on_its_batch() {
    // Some name their batch, or take it from the weights.
    let free = |layer: &Layer| match layer.sizes {
        Some(sizes) => sizes[0] == -1,
        None => !layer.op.starts_with("BatchMatMul") || layer.weights.len() == 2,
    };
    for layer in layers().into_iter().filter(free) {
        let graph = quantized(&layer, true, &scales(layer.channels));
        let whole = floats(&layer.input, 3);
        let [all, _] = both(&graph, &["dequant"], &[("x", whole.clone())].into());
        let mut shape = layer.input.clone();
        let images = std::mem::replace(&mut shape[0], 1);
        let len: usize = shape.iter().product();
        let parts: Vec<u32> = (0..images)
            .flat_map(|image| {
                let values = whole.as_slice::<f32>().unwrap()[image * len..][..len].to_vec();
                let alone = Tensor::from_vec(shape.clone(), values).unwrap();
                bits(&both(&graph, &["dequant"], &[("x", alone)].into())[0][0])
            })
            .collect();
        assert_eq!(bits(&all[0]), parts, "{} {:?}", layer.op, layer.input);
    }
}

#[test]
fn average_pooling_gives_the_bits_of_the_simulation() {
    for (format, ksize, strides) in
        [("NHWC", [1, 3, 2, 1], [1, 2, 1, 1]), ("NCHW", [1, 1, 3, 2], [1, 1, 2, 1])]
    {
        let mut builder = Builder::default();
        builder.node("x", "Placeholder", &[], Vec::new());
        builder.quant("quant", "x", 12.0);
        let attrs = vec![
            ("ksize", AttrValue::ints(ksize)),
            ("strides", AttrValue::ints(strides)),
            ("padding", AttrValue::string("SAME")),
            ("data_format", AttrValue::string(format)),
        ];
        builder.node("pool", "AvgPool", &["quant"], attrs);
        builder.dequant("pool", &scales(1), format, [3, 2]);
        let feeds = Feeds::from([("x", floats(&[2, 5, 6, 4], 9))]);
        let [integer, simulated] = both(&builder.graph(), &["dequant"], &feeds);
        assert_eq!(bits(&integer[0]), bits(&simulated[0]), "{format}");
    }
}

/// Two activations multiplied, as attention does.
fn product_of_activations(offset: f32) -> Graph {
    let mut builder = Builder::default();
    builder.node("x", "Placeholder", &[], Vec::new());
    builder.node("y", "Placeholder", &[], Vec::new());
    builder.quant("left", "x", -7.0);
    builder.quant("right", "y", offset);
    builder.node("layer", "BatchMatMulV2", &["left", "right"], Vec::new());
    builder.dequant("layer", &scales(1), "NHWC", [1, 1]);
    builder.graph()
}

#[test]
fn two_quantized_activations_multiply_if_the_second_has_no_offset() {
    let feeds = Feeds::from([("x", floats(&[2, 3, 4], 1)), ("y", floats(&[2, 4, 5], 2))]);
    let [integer, simulated] = both(&product_of_activations(0.0), &["dequant"], &feeds);
    assert_eq!(bits(&integer[0]), bits(&simulated[0]));

    let graph = product_of_activations(3.0);
    let outlet = graph.outlet("dequant").unwrap();
    let plan = Plan::compile(&graph, &[outlet], &PlanOptions::default()).unwrap();
    let error = Chain(&plan.run(&feeds).unwrap_err()).to_string();
    assert!(error.contains("quantized with offset 3"), "{error}");
}

#[test]
fn a_layer_quantized_on_one_side_is_refused() {
    for layer in layers() {
        let mut graph = Builder::default();
        graph.node("x", "Placeholder", &[], Vec::new());
        graph.quant("quant", "x", 0.0);
        graph.tensor("w", &floats(&layer.weights, 5));
        match layer.sizes {
            Some(sizes) => {
                graph.constant("sizes", sizes.to_vec());
                graph.node("layer", layer.op, &["sizes", "w", "quant"], layer.attrs.clone());
            }
            None => graph.node("layer", layer.op, &["quant", "w"], layer.attrs.clone()),
        }
        let graph = graph.graph();
        let plan = Plan::compile(&graph, &[graph.outlet("layer").unwrap()], &PlanOptions::default()).unwrap();
        let error = Chain(&plan.run(&[("x", floats(&layer.input, 3))].into()).unwrap_err()).to_string();
        assert!(error.contains("float weights"), "{}: {error}", layer.op);
    }
}
