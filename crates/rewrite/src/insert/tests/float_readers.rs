//! Quantized values for nodes that compute floats: named tensors, and poolings beside layers.

use amct_graph::AttrValue;

use super::*;
use crate::TensorQuantization;
use crate::verify;

const QUANT: &str = "net/c/act_quant/AscendQuant";

/// Relu -> {Conv2D, MaxPool} -> Add, as a residual block that halves its map has it.
fn block() -> Net {
    Net::with_input(&[-1, 8, 8, 3])
        .float("net/Relu", "Relu", &["x"])
        .conv("net/c/Conv2D", "Conv2D", "net/Relu", [1, 1, 3, 3])
        .max_pool("net/shortcut/MaxPool", "net/Relu", 1)
        .float("net/add", "AddV2", &["net/c/Conv2D", "net/shortcut/MaxPool"])
}

fn quantize(net: &Net, outputs: &[&str], options: InsertOptions) -> (Graph, Graph, InsertReport) {
    let original = net.clone().build();
    let mut graph = original.clone();
    let layers = quantize_all(&graph, outputs);
    let options = InsertOptions { outputs: names(outputs), ..options };
    let report = insert_quantization(&mut graph, &layers, &options).unwrap();
    assert_eq!(verify(&graph, Some(&original), &names(outputs)), []);
    (original, graph, report)
}

fn tensor(graph: &Graph, name: &str, input: usize, scale: f32, offset: i32) -> TensorQuantization {
    TensorQuantization {
        node: graph.find(name).unwrap(),
        input,
        activation: ActivationParams { scale, offset },
    }
}

fn with_tensors(net: &Net, tensors: &[(&str, usize, f32, i32)]) -> InsertOptions {
    let graph = net.clone().build();
    let tensors =
        tensors.iter().map(|&(name, input, scale, offset)| tensor(&graph, name, input, scale, offset));
    InsertOptions { tensors: tensors.collect(), keep_float_pools: true, ..InsertOptions::default() }
}

#[test]
fn a_named_tensor_is_quantized_and_back() {
    let net = block();
    let options = with_tensors(
        &net,
        &[("net/shortcut/MaxPool", 0, 0.1, -3), ("net/add", 0, 0.2, 0), ("net/add", 1, 0.2, 0)],
    );
    let (_, graph, report) = quantize(&net, &["net/add"], options);
    let anti = "net/shortcut/anti_quant/AscendAntiQuant";
    assert_eq!(inputs(&graph, "net/shortcut/MaxPool"), [anti]);
    assert_eq!(inputs(&graph, anti), ["net/shortcut/act_quant/AscendQuant"]);
    assert_eq!(inputs(&graph, "net/shortcut/act_quant/AscendQuant"), ["net/Relu"]);
    let attrs = &node(&graph, anti).attrs;
    assert_eq!((&attrs["scale"], &attrs["offset"]), (&AttrValue::F(0.1), &AttrValue::F(3.0)));
    assert_eq!(attrs["T"], AttrValue::Type(1));
    assert_eq!(attrs.len(), 3);
    let quant = &node(&graph, "net/shortcut/act_quant/AscendQuant").attrs;
    assert_eq!((&quant["scale"], &quant["offset"]), (&AttrValue::F(1.0 / 0.1), &AttrValue::F(-3.0)));

    // What an Add reads of a layer is the dequantized value; each input has a pair of its own.
    assert_eq!(
        inputs(&graph, "net/add"),
        ["net/anti_quant/AscendAntiQuant", "net/anti_quant_1/AscendAntiQuant"]
    );
    assert_eq!(inputs(&graph, "net/act_quant/AscendQuant"), ["net/c/dequant/AscendDequant"]);
    assert_eq!(inputs(&graph, "net/act_quant_1/AscendQuant"), ["net/shortcut/MaxPool"]);
    let nodes = compose(&graph, &[&report.told]).unwrap();
    let origin = nodes.iter().find(|node| node.name == anti).unwrap();
    assert_eq!((origin.original.clone(), origin.output_of.clone()), (names(&["net/shortcut/MaxPool"]), None));
}

#[test]
fn a_tensor_shares_the_quant_of_a_layer_with_its_numbers() {
    let net = block();
    let options = with_tensors(&net, &[("net/shortcut/MaxPool", 0, 0.05, -128)]);
    let (_, graph, _) = quantize(&net, &["net/add"], options);
    assert_eq!(inputs(&graph, "net/shortcut/anti_quant/AscendAntiQuant"), [QUANT]);
    assert_eq!(inputs(&graph, "net/c/Conv2D")[0], QUANT);
}

#[test]
fn a_tensor_that_cannot_be_quantized_is_refused() {
    let net = block();
    let graph = net.clone().build();
    let refused = |tensors: &[(&str, usize, f32, i32)]| {
        let mut graph = graph.clone();
        insert_quantization(&mut graph, &[], &with_tensors(&net, tensors)).unwrap_err().to_string()
    };
    for (tensors, text) in [
        (
            &[("net/Relu", 0, 0.1, 0)][..],
            "tensor 'net/Relu:0' cannot be quantized: its node is a Relu, not one of MaxPool, Add, AddV2",
        ),
        (&[("net/add", 2, 0.1, 0)], "tensor 'net/add:2' cannot be quantized: its node has 2 inputs"),
        (
            &[("net/add", 0, 0.1, 0), ("net/add", 0, 0.1, 0)],
            "tensor 'net/add:0' cannot be quantized: it is listed twice",
        ),
        (
            &[("net/add", 0, 0.0, 0)],
            "scale_d of layer 'net/add:0' must be a positive finite number, but is 0",
        ),
        (&[("net/add", 0, 0.1, 128)], "offset_d of layer 'net/add:0' must be in [-128, 127], but is 128"),
    ] {
        assert_eq!(refused(tensors), text);
    }
    let halves = crate::testing::edited(&graph, |nodes| {
        let add = nodes.iter_mut().find(|(node, _)| node.name == "net/add").unwrap();
        add.0.attrs.insert("T".into(), AttrValue::Type(type_code(DType::F16)));
    });
    let options =
        InsertOptions { tensors: vec![tensor(&halves, "net/add", 0, 0.1, 0)], ..InsertOptions::default() };
    let error = insert_quantization(&mut halves.clone(), &[], &options).unwrap_err().to_string();
    assert!(error.ends_with("it is DT_HALF, not DT_FLOAT"), "{error}");
}

#[test]
fn a_pooling_beside_a_layer_reads_its_quantized_value() {
    let (_, graph, report) = quantize(&block(), &["net/add"], InsertOptions::default());
    assert_eq!(report.pools, ["net/shortcut/MaxPool"]);
    let anti = "net/c/anti_quant/AscendAntiQuant";
    assert_eq!(inputs(&graph, "net/shortcut/MaxPool"), [anti]);
    assert_eq!(inputs(&graph, anti), [QUANT]);
    assert_eq!(inputs(&graph, "net/c/Conv2D")[0], QUANT);
    let attrs = &node(&graph, anti).attrs;
    assert_eq!((&attrs["scale"], &attrs["offset"]), (&AttrValue::F(0.05), &AttrValue::F(128.0)));
    let nodes = compose(&graph, &[&report.told]).unwrap();
    let origin = nodes.iter().find(|node| node.name == anti).unwrap();
    assert_eq!(origin.original, ["net/c/Conv2D"]);
}

#[test]
fn two_poolings_and_two_layers_share_one_quant() {
    let net = block()
        .conv("net/d/Conv2D", "Conv2D", "net/Relu", [1, 1, 3, 2])
        .max_pool("net/other/MaxPool", "net/Relu", 2)
        .float("late", "Relu", &["net/other/MaxPool"]);
    let (_, graph, report) = quantize(&net, &["net/add", "net/d/Conv2D", "late"], InsertOptions::default());
    assert_eq!(report.pools, ["net/shortcut/MaxPool", "net/other/MaxPool"]);
    assert_eq!(inputs(&graph, "net/other/MaxPool"), ["net/c/anti_quant_1/AscendAntiQuant"]);
    assert_eq!(inputs(&graph, "net/c/anti_quant_1/AscendAntiQuant"), [QUANT]);
    assert_eq!(graph.nodes().filter(|(_, node)| node.op == "AscendQuant").count(), 1);
}

#[test]
fn a_pooling_stays_float_where_that_saves_nothing() {
    let stays = |net: Net, outputs: &[&str], options: InsertOptions| {
        let (original, graph, report) = quantize(&net, outputs, options);
        assert_eq!(report.pools, [""; 0]);
        assert_eq!(inputs(&graph, "net/shortcut/MaxPool"), inputs(&original, "net/shortcut/MaxPool"));
    };
    // Somebody else reads the float value, or the user does.
    stays(block().float("other", "Tanh", &["net/Relu"]), &["net/add", "other"], InsertOptions::default());
    stays(block(), &["net/add", "net/Relu"], InsertOptions::default());
    stays(block(), &["net/add"], InsertOptions { keep_float_pools: true, ..InsertOptions::default() });
    // Only a Relu is known to be treated so.
    let tanh = Net::with_input(&[-1, 8, 8, 3])
        .float("net/Tanh", "Tanh", &["x"])
        .conv("net/c/Conv2D", "Conv2D", "net/Tanh", [1, 1, 3, 3])
        .max_pool("net/shortcut/MaxPool", "net/Tanh", 1)
        .float("net/add", "AddV2", &["net/c/Conv2D", "net/shortcut/MaxPool"]);
    stays(tanh, &["net/add"], InsertOptions::default());

    // Two layers with two sets of numbers.
    let mut graph = block().conv("net/d/Conv2D", "Conv2D", "net/Relu", [1, 1, 3, 2]).build();
    let mut layers = quantize_all(&graph, &["net/add"]);
    layers[1].activation.offset = -127;
    let report = insert_quantization(&mut graph, &layers, &InsertOptions::default()).unwrap();
    assert_eq!(report.pools, [""; 0]);
    assert_eq!(inputs(&graph, "net/shortcut/MaxPool"), ["net/Relu"]);
}
