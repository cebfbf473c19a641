//! Plans with the semantics of a device, on graphs small enough to be worked out by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use amct_graph::{AttrValue, Graph, Node, Outlet, TensorLiteral};
use amct_interpreter::{Arithmetic, Device, Plan, PlanOptions, Value};
use amct_tensor::quantization::DeqScale;
use amct_tensor::{Element, Tensor};

#[derive(Default)]
struct Net(Vec<(Node, Vec<String>)>);

impl Net {
    fn node(mut self, name: &str, op: &str, inputs: &[&str], attrs: &[(&str, AttrValue)]) -> Self {
        let attrs = attrs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let node = Node { name: name.into(), op: op.into(), attrs, ..Node::default() };
        self.0.push((node, inputs.iter().map(|&input| input.to_owned()).collect()));
        self
    }

    fn constant<T: Element>(self, name: &str, shape: &[usize], values: Vec<T>) -> Self {
        let literal = TensorLiteral::encode(&Tensor::from_vec(shape, values).unwrap());
        self.node(name, "Const", &[], &[("value", AttrValue::tensor(literal))])
    }

    fn input() -> Self {
        Self::default().node("x", "Placeholder", &[], &[])
    }

    fn quant(self, name: &str, input: &str, scale: f32, offset: f32) -> Self {
        let attrs = [("scale", AttrValue::F(scale)), ("offset", AttrValue::F(offset))];
        self.node(name, "AscendQuant", &[input], &attrs)
    }

    /// A convolution along the width: a filter [1, width, 1, 1], stride 1.
    fn convolution(self, name: &str, input: &str, weights: Vec<i8>, padding: &str) -> Self {
        let (w, offset, quant) = (format!("{name}/w"), format!("{name}/o"), format!("{name}/quant"));
        let window = [
            ("strides", AttrValue::ints([1, 1, 1, 1])),
            ("padding", AttrValue::string(padding)),
            ("data_format", AttrValue::string("NHWC")),
        ];
        self.constant(&w, &[1, weights.len(), 1, 1], weights)
            .constant(&offset, &[1, 1, 1, 1], vec![0_i8])
            .node(&quant, "AscendWeightQuant", &[&w, &offset], &[])
            .node(name, "Conv2D", &[input, &quant], &window)
    }

    fn bias(self, name: &str, input: &str, bias: Vec<i32>) -> Self {
        let (constant, cast) = (format!("{name}/bias"), format!("{name}/cast"));
        let types = [("SrcT", AttrValue::Type(3)), ("DstT", AttrValue::Type(1))];
        self.constant(&constant, &[bias.len()], bias).node(&cast, "Cast", &[&constant], &types).node(
            name,
            "BiasAdd",
            &[input, &cast],
            &[("data_format", AttrValue::string("NHWC"))],
        )
    }

    fn dequant(self, name: &str, input: &str, word: DeqScale, ksize: [i64; 2]) -> Self {
        let scale = format!("{name}/deq_scale");
        let attrs = [("ksize", AttrValue::ints(ksize)), ("data_format", AttrValue::string("NHWC"))];
        self.constant(&scale, &[1], vec![word.to_bits()]).node(
            name,
            "AscendDequant",
            &[input, &scale],
            &attrs,
        )
    }

    fn graph(self) -> Graph {
        Graph::from_named(self.0, Default::default()).unwrap()
    }
}

fn plan(graph: &Graph, outputs: &[&str], arithmetic: Arithmetic, observed: &[&str]) -> Result<Plan, String> {
    let outlets = |names: &[&str]| names.iter().map(|n| graph.outlet(n).unwrap()).collect::<Vec<Outlet>>();
    let options = PlanOptions { arithmetic, observed: outlets(observed), ..PlanOptions::default() };
    Plan::compile(graph, &outlets(outputs), &options).map_err(|error| error.to_string())
}

/// A row of floats along the width.
fn row(values: &[f32]) -> Value {
    Tensor::from_vec([1, 1, values.len(), 1], values.to_vec()).unwrap().into()
}

fn run(graph: &Graph, outputs: &[&str], arithmetic: Arithmetic, x: &[f32]) -> Result<Vec<Value>, String> {
    let plan = plan(graph, outputs, arithmetic, &[])?;
    plan.run(&[("x", row(x))]).map_err(|error| error.to_string())
}

fn floats(value: &Value) -> Vec<f32> {
    value.clone().plain().unwrap().into_vec().unwrap()
}

fn int8s(value: &Value) -> Vec<i8> {
    let Value::Quantized { q, .. } = value else { panic!("{value:?}") };
    q.as_slice().unwrap().to_vec()
}

fn devices() -> impl Iterator<Item = (Device, Arithmetic)> {
    Device::ALL.into_iter().map(|device| (device, Arithmetic::Device(device)))
}

/// scale 1 and offset -128. x = [0.5, 1, 100.48] is quantized half to even and behind the rounding to
/// f16, which makes 100.48 100.5 (see the tests of `DeviceQuant`): 0.5 - 128 = -127.5 goes to -128
/// (x = 0), 1 - 128 = -127, 100.5 - 128 = -27.5 goes to -28 (x = 100). TensorFlow: 1, 1 and 100.
///
/// The padding stands for zero. Weights 1, 2, 3 over [0, 0, 1, 100, 0], plus 10:
/// 0 + 0 + 3 + 10 = 13; 0 + 2 + 300 + 10 = 312; 1 + 200 + 0 + 10 = 211.
/// TensorFlow's, over [0, 1, 1, 100, 0]: 0 + 2 + 3 + 10 = 15; 1 + 2 + 300 + 10 = 313; 211.
/// D = 0.5: all are f16.
#[test]
fn a_padded_layer_with_bias() {
    let pads = vec![0_i32, 0, 0, 0, 1, 1, 0, 0];
    let word = DeqScale::new(0.5, 1.0);
    let padded = Net::input()
        .quant("q", "x", 1.0, -128.0)
        .constant("pads", &[4, 2], pads)
        .node("pad", "Pad", &["q", "pads"], &[])
        .convolution("conv", "pad", vec![1, 2, 3], "VALID");
    let same = Net::input().quant("q", "x", 1.0, -128.0).convolution("conv", "q", vec![1, 2, 3], "SAME");
    for net in [padded, same] {
        let graph = net.bias("bias", "conv", vec![10]).dequant("y", "bias", word, [1, 1]).graph();
        let x = [0.5, 1.0, 100.48];
        for (device, arithmetic) in devices() {
            let found = run(&graph, &["q", "bias", "y"], arithmetic, &x).unwrap();
            assert_eq!(int8s(&found[0]), [-128, -127, -28], "{device}");
            let sums: Vec<i32> = found[1].clone().plain().unwrap().into_vec().unwrap();
            assert_eq!(sums, [13, 312, 211], "{device}");
            assert_eq!(floats(&found[2]), [6.5, 156.0, 105.5], "{device}");
        }
        let default = run(&graph, &["y"], Arithmetic::default(), &x).unwrap();
        assert_eq!(floats(&default[0]), [7.5, 156.5, 105.5]);
    }
}

/// D = 1 and the sums 2048 + 1 and 2048 + 3. From 2048 on the steps of f16 are 2: 2049 is the middle
/// of 1024 and 1025 steps, the even of which is 2048; 2051 that of 1025 and 1026, so 2052.
#[test]
fn what_leaves_a_layer_is_an_f16() {
    let graph = Net::input()
        .quant("q", "x", 1.0, 0.0)
        .convolution("conv", "q", vec![1], "VALID")
        .bias("bias", "conv", vec![2048])
        .dequant("y", "bias", DeqScale::new(1.0, 1.0), [1, 1])
        .graph();
    for (device, arithmetic) in devices() {
        let found = run(&graph, &["y"], arithmetic, &[1.0, 3.0]).unwrap();
        assert_eq!(floats(&found[0]), [2048.0, 2052.0], "{device}");
    }
    assert_eq!(floats(&run(&graph, &["y"], Arithmetic::Integer, &[1.0, 3.0]).unwrap()[0]), [2049.0, 2051.0]);
}

/// Two layers, `between` them: D = 2^-4 of the first, scale 0.5 of the second.
fn two_layers(between: &str) -> Net {
    Net::input()
        .quant("q", "x", 1.0, 0.0)
        .convolution("conv", "q", vec![127], "VALID")
        .dequant("d", "conv", DeqScale::new(0.0625, 1.0), [1, 1])
        .node("between", between, &["d"], &[])
        .quant("q2", "between", 0.5, 1.0)
        .convolution("conv2", "q2", vec![1], "VALID")
        .dequant("y", "conv2", DeqScale::new(1.0, 1.0), [1, 1])
}

/// E = 2^-4 * 0.5 = 2^-5. x = 3: 3 * 127 * E = 11.90625, plus 1: 13. x = 37: 146.8, beyond int8.
/// x = -3 is clipped at 0, plus 1. The second layer takes the offset off again.
#[test]
fn a_quantization_behind_a_dequantization_reads_the_sums() {
    let graph = two_layers("Relu").graph();
    for (device, arithmetic) in devices() {
        let found = run(&graph, &["q2", "y"], arithmetic, &[3.0, 37.0, -3.0]).unwrap();
        assert_eq!(int8s(&found[0]), [13, 127, 1], "{device}");
        assert_eq!(floats(&found[1]), [12.0, 126.0, 0.0], "{device}");
    }
}

/// On the 310P, with D = 1 + 2^-11 + 2^-14, scale 2^-6 and the sum 1951: 1951 * D = 1952.0717.
/// One after the other: as an f16, in steps of 1, that is 1952, and 1952 / 64 = 30.5 is a tie that
/// goes to 30. Fused: 1952.0717 / 64 = 30.50112, so 31.
#[test]
fn only_a_sole_reader_is_fused() {
    let scale = 1.0 + 2.0_f32.powi(-11) + 2.0_f32.powi(-14);
    let net = |further: bool, between: &str| {
        let net = Net::input()
            .quant("q", "x", 1.0, 0.0)
            .convolution("conv", "q", vec![1], "VALID")
            .bias("bias", "conv", vec![1950])
            .dequant("d", "bias", DeqScale::new(scale, 1.0), [1, 1])
            .node("between", between, &["d"], &[])
            .quant("q2", "between", 1.0 / 64.0, 0.0);
        let net = if further { net.node("reader", "Neg", &["d"], &[]) } else { net };
        net.graph()
    };
    let arithmetic = Arithmetic::Device(Device::Ascend310p);
    let of = |graph: &Graph| int8s(&run(graph, &["q2"], arithmetic, &[1.0]).unwrap()[0]);
    assert_eq!(of(&net(false, "Relu")), [31]);
    assert_eq!(of(&net(true, "Relu")), [30]);
    // ATC does not take these in.
    assert_eq!(of(&net(false, "Abs")), [30]);
    // To look at what lies between changes nothing, and shows it as an f16.
    let graph = net(false, "Relu");
    let both = run(&graph, &["d", "q2"], arithmetic, &[1.0]).unwrap();
    assert_eq!((floats(&both[0]), int8s(&both[1])), (vec![1952.0], vec![31]));
    let plan = plan(&graph, &["q2"], arithmetic, &["d", "between"]).unwrap();
    let mut shown = Vec::new();
    let found = plan.run_observed(&[("x", row(&[1.0]))], &mut |outlet, value| {
        shown.push((graph.outlet_name(outlet), floats(value)));
        Ok(())
    });
    assert_eq!(int8s(&found.unwrap()[0]), [31]);
    assert_eq!(shown, [("d".to_owned(), vec![1952.0]), ("between".to_owned(), vec![1952.0])]);
}

/// A batch runs image by image, on several threads.
#[test]
fn a_batch_gives_what_its_images_give() {
    let graph = two_layers("Relu").graph();
    let images = [[3.0_f32, 1.5, -3.0], [0.5, 2.5, 1.0], [2.0, -1.0, 0.25]];
    for (device, arithmetic) in devices() {
        let plan = plan(&graph, &["q2", "y"], arithmetic, &[]).unwrap();
        let batch = Tensor::from_vec([3, 1, 3, 1], images.concat()).unwrap();
        let together = plan.run(&[("x", batch.into())]).unwrap();
        let alone = images.map(|image| plan.run(&[("x", row(&image))]).unwrap());
        let q: Vec<i8> = alone.iter().flat_map(|outputs| int8s(&outputs[0])).collect();
        let y: Vec<f32> = alone.iter().flat_map(|outputs| floats(&outputs[1])).collect();
        assert_eq!((int8s(&together[0]), floats(&together[1])), (q, y), "{device}");
    }
}

fn pool(padding: &str, offset: f32) -> Graph {
    let window = [
        ("ksize", AttrValue::ints([1, 1, 2, 1])),
        ("strides", AttrValue::ints([1, 1, 2, 1])),
        ("padding", AttrValue::string(padding)),
        ("data_format", AttrValue::string("NHWC")),
    ];
    Net::input()
        .quant("q", "x", 1.0, offset)
        .node("pool", "AvgPool", &["q"], &window)
        .dequant("y", "pool", DeqScale::new(0.25, 1.0), [1, 2])
        .graph()
}

/// (3 + 4) * (0.25 / 2) = 0.875; (-7 + 2) * 0.125 = -0.625, whatever stands for zero.
#[test]
fn an_average_pool_divides_the_scale() {
    for (device, arithmetic) in devices() {
        for offset in [0.0, -100.0] {
            let found = run(&pool("VALID", offset), &["y"], arithmetic, &[3.0, 4.0, -7.0, 2.0]).unwrap();
            assert_eq!(floats(&found[0]), [0.875, -0.625], "{device}");
        }
        let error = run(&pool("SAME", 0.0), &["y"], arithmetic, &[3.0, 4.0]).unwrap_err();
        assert!(error.contains("AvgPool 'pool'") && error.contains("SAME"), "{error}");
    }
}

/// q = 5 - 7 = -2. With offset 7 as ATC needs it: (-2 + 7) * 0.5 = 2.5. With the offset of
/// `AscendQuant`, -7, the device gives (-2 - 7) * 0.5 = -4.5; TensorFlow's kernel never looks at it.
#[test]
fn the_offset_of_an_anti_quant_counts() {
    for (offset, expected) in [(7.0, 2.5), (-7.0, -4.5)] {
        let attrs = [("scale", AttrValue::F(0.5)), ("offset", AttrValue::F(offset))];
        let graph =
            Net::input().quant("q", "x", 1.0, -7.0).node("y", "AscendAntiQuant", &["q"], &attrs).graph();
        for (device, arithmetic) in devices() {
            assert_eq!(floats(&run(&graph, &["y"], arithmetic, &[5.0]).unwrap()[0]), [expected], "{device}");
        }
        assert_eq!(floats(&run(&graph, &["y"], Arithmetic::Integer, &[5.0]).unwrap()[0]), [2.5]);
    }
}

/// The folded bias is 2147483647 + 128 * 1.
#[test]
fn a_folded_bias_beyond_int32_is_refused() {
    let graph = Net::input()
        .quant("q", "x", 1.0, -128.0)
        .convolution("conv", "q", vec![1], "VALID")
        .bias("bias", "conv", vec![i32::MAX])
        .dequant("y", "bias", DeqScale::new(1e-6, 1.0), [1, 1])
        .graph();
    for (device, arithmetic) in devices() {
        let error = plan(&graph, &["y"], arithmetic, &[]).err().unwrap();
        assert!(
            error.contains("Conv2D 'conv'") && error.contains("2147483775") && error.contains(device.name()),
            "{error}"
        );
    }
    assert!(plan(&graph, &["y"], Arithmetic::Integer, &[]).is_ok());
}

#[test]
fn what_is_not_known_is_an_error_with_the_node() {
    let graph = Net::input()
        .quant("q", "x", 1.0, 0.0)
        .convolution("conv", "q", vec![100], "VALID")
        .dequant("y", "conv", DeqScale::new(10.0, 1.0), [1, 1])
        .graph();
    for (device, arithmetic) in devices() {
        let error = run(&graph, &["y"], arithmetic, &[100.0]).unwrap_err();
        assert!(error.contains("AscendDequant 'y'") && error.contains("the sum 10000"), "{device}: {error}");
        let error = run(&graph, &["y"], arithmetic, &[f32::NAN]).unwrap_err();
        assert!(error.contains("AscendQuant 'q'") && error.contains("NaN"), "{device}: {error}");
    }
}

#[test]
fn shift_bits_are_refused_on_the_310p_alone() {
    let net = || Net::input().quant("q", "x", 1.0, 0.0).convolution("conv", "q", vec![1], "VALID");
    let word = DeqScale::new(1.0, 1.0).shifted(2);
    let plain = net().dequant("y", "conv", word, [1, 1]).graph();
    let fused = net().dequant("d", "conv", word, [1, 1]).quant("y", "d", 1.0, 0.0).graph();
    for (device, arithmetic) in devices() {
        for graph in [&plain, &fused] {
            let plan = plan(graph, &["y"], arithmetic, &[]);
            assert_eq!(plan.is_err(), device == Device::Ascend310p, "{device}");
        }
    }
}
