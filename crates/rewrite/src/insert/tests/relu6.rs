//! `Relu6` -> `Relu` where the quantization behind it clips at 6.

use super::*;
use crate::testing::edited;
use crate::verify;

/// 6 / 255: the whole range of a Relu6.
const WHOLE: f32 = 6.0 / 255.0;

/// Conv -> Relu6 -> two readers, one behind a pad.
fn net() -> Net {
    Net::with_input(&[-1, 8, 8, 3])
        .conv("a/Conv2D", "Conv2D", "x", [1, 1, 3, 4])
        .float("a/Relu6", "Relu6", &["a/Conv2D"])
        .conv("b/Conv2D", "Conv2D", "a/Relu6", [1, 1, 4, 4])
        .pad("c/Pad", "a/Relu6")
        .conv("c/dw", "DepthwiseConv2dNative", "c/Pad", [3, 3, 4, 1])
        .float("out", "Relu6", &["c/dw"])
}

fn quantize(net: Net, scales: &[f32], outputs: &[&str], keep_relu6: bool) -> (Graph, Graph, Vec<String>) {
    let original = net.build();
    let mut graph = original.clone();
    let mut layers = quantize_all(&graph, outputs);
    for (layer, &scale) in layers.iter_mut().zip(scales) {
        layer.activation.scale = scale;
    }
    let options = InsertOptions { outputs: names(outputs), keep_relu6, ..InsertOptions::default() };
    let report = insert_quantization(&mut graph, &layers, &options).unwrap();
    (original, graph, report.relus)
}

const OUTPUTS: [&str; 2] = ["out", "b/Conv2D"];

#[test]
fn a_relu6_whose_readers_clip_is_a_relu() {
    let (original, graph, relus) = quantize(net(), &[0.1, WHOLE, 0.99 * WHOLE], &OUTPUTS, false);
    assert_eq!(relus, ["a/Relu6"]);
    assert_eq!(node(&graph, "a/Relu6").op, "Relu");
    assert_eq!(node(&graph, "a/Relu6").attrs, node(&original, "a/Relu6").attrs);
    assert_eq!(inputs(&graph, "a/Relu6"), ["a/dequant/AscendDequant"]);
    // One that nobody quantizes stays.
    assert_eq!(node(&graph, "out").op, "Relu6");
    assert_eq!(verify(&graph, Some(&original), &names(&OUTPUTS)), []);
    let (_, kept, relus) = quantize(net(), &[0.1, WHOLE, 0.99 * WHOLE], &OUTPUTS, true);
    assert_eq!((node(&kept, "a/Relu6").op.as_str(), relus.len()), ("Relu6", 0));
}

#[test]
fn identities_are_looked_through() {
    let net = || {
        Net::with_input(&[-1, 8, 8, 3])
            .conv("a/Conv2D", "Conv2D", "x", [1, 1, 3, 4])
            .float("a/Relu6", "Relu6", &["a/Conv2D"])
            .float("a/output", "Identity", &["a/Relu6"])
            .float("b/input", "Identity", &["a/output"])
            .conv("b/Conv2D", "Conv2D", "b/input", [1, 1, 4, 4])
            .conv("c/Conv2D", "Conv2D", "a/output", [1, 1, 4, 4])
    };
    let scales = [0.1, WHOLE, WHOLE];
    let outputs = ["b/Conv2D", "c/Conv2D"];
    let (original, graph, relus) = quantize(net(), &scales, &outputs, false);
    assert_eq!(relus, ["a/Relu6"]);
    assert_eq!(verify(&graph, Some(&original), &names(&outputs)), []);
    // An identity whose value is asked for, or is a leaf that may be.
    let (_, _, relus) = quantize(net(), &scales, &["b/Conv2D", "c/Conv2D", "b/input"], false);
    assert_eq!(relus, [""; 0]);
    let (_, _, relus) = quantize(net().float("leaf", "Identity", &["a/output"]), &scales, &outputs, false);
    assert_eq!(relus, [""; 0]);
}

#[test]
fn a_relu6_stays_if_one_reader_sees_the_difference() {
    let stays = |net: Net, scales: &[f32], outputs: &[&str]| {
        let (original, graph, relus) = quantize(net, scales, outputs, false);
        assert_eq!(relus, [""; 0]);
        assert_eq!(node(&graph, "a/Relu6").op, "Relu6");
        assert_eq!(verify(&graph, Some(&original), &names(outputs)), []);
    };
    // A wider range, a float reader, the user.
    stays(net(), &[0.1, WHOLE, 1.02 * WHOLE], &OUTPUTS);
    stays(net().float("other", "Tanh", &["a/Relu6"]), &[0.1, WHOLE, WHOLE], &["out", "b/Conv2D", "other"]);
    stays(net(), &[0.1, WHOLE, WHOLE], &["out", "b/Conv2D", "a/Relu6"]);
}

#[test]
fn verify_refuses_a_relu_where_a_reader_sees_the_difference() {
    let (original, graph, _) = quantize(net(), &[0.1, WHOLE, 1.02 * WHOLE], &OUTPUTS, false);
    for (name, rule) in [("a/Relu6", 7), ("out", 7)] {
        let changed = edited(&graph, |nodes| {
            nodes.iter_mut().find(|(node, _)| node.name == name).unwrap().0.op = "Relu".into();
        });
        let violations = verify(&changed, Some(&original), &names(&OUTPUTS));
        let found: Vec<(u8, &str)> = violations.iter().map(|v| (v.rule, v.node.as_str())).collect();
        assert_eq!(found, [(rule, name)]);
    }
}
