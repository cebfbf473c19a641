//! Tests of the search for layers: every kind, what belongs to it, and every reason to leave it.

use amct_graph::AttrValue;
use amct_tensor::DType;

use super::*;
use crate::constants::type_attr;
use crate::testing::Net;

fn scan(net: Net, outputs: &[&str]) -> (Graph, LayerScan) {
    let graph = net.build();
    let outputs: Vec<String> = outputs.iter().map(|&s| s.to_owned()).collect();
    let scan = scan_layers(&graph, &outputs, &|_| None).unwrap();
    (graph, scan)
}

fn name(graph: &Graph, id: NodeId) -> &str {
    &graph.node(id).name
}

#[test]
fn every_kind_is_found_with_what_belongs_to_it() {
    let net = Net::with_input(&[-1, 8, 8, 3])
        .conv("conv", "Conv2D", "x", [3, 3, 3, 4])
        .bias_add("bias", "conv", 4)
        .conv("dw", "DepthwiseConv2dNative", "bias", [3, 3, 4, 2])
        .avg_pool("pool", "dw", 4)
        .float("flat", "Squeeze", &["pool"])
        .matmul("fc", "flat", [8, 10]);
    let (graph, scan) = scan(net, &["fc"]);
    let kinds: Vec<LayerKind> = scan.layers.iter().map(|layer| layer.kind).collect();
    assert_eq!(kinds, [LayerKind::Conv2d, LayerKind::DepthwiseConv2d, LayerKind::AvgPool, LayerKind::MatMul]);
    let [conv, dw, pool, fc] = scan.layers.as_slice() else { panic!() };
    assert_eq!(name(&graph, conv.end()), "bias");
    assert_eq!(name(&graph, conv.weights.as_ref().unwrap().constant), "conv/weights");
    assert_eq!(
        (conv.channels(), dw.channels(), pool.channels(), fc.channels()),
        (Some(4), Some(8), None, Some(10))
    );
    assert_eq!([conv, dw, pool, fc].map(|layer| layer.channel_wise), [true, true, false, false]);
    assert_eq!(dw.end(), dw.node);
}

#[test]
fn a_bias_others_can_see_around_is_not_taken_in() {
    let net = || {
        Net::with_input(&[-1, 8, 8, 3]).conv("conv", "Conv2D", "x", [1, 1, 3, 4]).bias_add("bias", "conv", 4)
    };
    let takes = |net: Net, outputs: &[&str]| scan(net, outputs).1.layers[0].bias.is_some();
    assert!(takes(net(), &["bias"]));
    assert!(!takes(net(), &["conv"]));
    assert!(!takes(net().float("other", "Relu", &["conv"]), &[]));
    assert!(!takes(net().attr("data_format", AttrValue::string("NCHW")), &[]));
    let short = Net::with_input(&[-1, 8, 8, 3]).conv("conv", "Conv2D", "x", [1, 1, 3, 4]);
    assert!(!takes(short.bias_add("bias", "conv", 3), &[]));
}

#[test]
fn a_pad_that_atc_merges_is_looked_behind() {
    let net = || Net::with_input(&[-1, 8, 8, 3]).pad("pad", "x").conv("a", "Conv2D", "pad", [3, 3, 3, 4]);
    let behind = |net: Net, outputs: &[&str]| {
        let (graph, scan) = scan(net, outputs);
        let layer = &scan.layers[0];
        assert_eq!(layer.pad.is_some(), name(&graph, layer.input.node) == "x");
        layer.pad.is_some()
    };
    assert!(behind(net(), &["a"]));
    assert!(!behind(net().conv("b", "Conv2D", "pad", [1, 1, 3, 4]), &[]), "two readers");
    assert!(!behind(net().float("relu", "Relu", &["pad"]), &[]));
    assert!(!behind(net(), &["pad"]));
    let two_pads = Net::with_input(&[-1, 8, 8, 3]).pad("pad0", "x").pad("pad1", "pad0");
    let (graph, found) = scan(two_pads.conv("a", "Conv2D", "pad1", [3, 3, 3, 4]), &[]);
    assert_eq!(name(&graph, found.layers[0].input.node), "pad0");
    let channels = Net::with_input(&[-1, 8, 8, 3])
        .constant("paddings", &[4, 2], vec![0_i32, 0, 0, 0, 0, 0, 0, 1])
        .float("pad", "Pad", &["x", "paddings"])
        .conv("a", "Conv2D", "pad", [3, 3, 4, 4]);
    assert!(!behind(channels, &[]));
    let high = |before: i32, after: i32| {
        Net::with_input(&[-1, 8, 8, 3])
            .constant("paddings", &[4, 2], vec![0, 0, before, after, 0, 0, 0, 0])
            .float("pad", "Pad", &["x", "paddings"])
            .conv("a", "Conv2D", "pad", [3, 3, 3, 4])
    };
    assert!(behind(high(128, 127), &[]));
    assert!(!behind(high(128, 128), &[]), "more zeros than ATC merges");
    let fed = Net::with_input(&[-1, 8, 8, 3])
        .node("paddings", "Placeholder", &[], [("dtype", AttrValue::Type(3))])
        .float("pad", "Pad", &["x", "paddings"])
        .conv("a", "Conv2D", "pad", [3, 3, 3, 4]);
    assert!(!behind(fed, &[]), "paddings that are not constant");
}

#[test]
fn a_pad_v2_is_not_looked_behind() {
    let net = Net::with_input(&[-1, 8, 8, 3])
        .constant("paddings", &[4, 2], vec![0_i32, 0, 1, 1, 1, 1, 0, 0])
        .constant("value", &[], vec![0.0_f32])
        .float("pad", "PadV2", &["x", "paddings", "value"])
        .conv("a", "Conv2D", "pad", [3, 3, 3, 4]);
    assert_eq!(scan(net, &[]).1.layers[0].pad, None);
}

#[test]
fn a_pointwise_convolution_on_one_pixel_has_one_scale() {
    let net = Net::with_input(&[1, 1, 1, 3]).conv("logits", "Conv2D", "x", [1, 1, 3, 4]).conv(
        "wide",
        "Conv2D",
        "x",
        [3, 3, 3, 4],
    );
    let graph = net.build();
    let by_map = |map: Option<Vec<usize>>| {
        let scan = scan_layers(&graph, &[], &move |_| map.clone()).unwrap();
        scan.layers.iter().map(|layer| layer.channel_wise).collect::<Vec<_>>()
    };
    assert_eq!(by_map(Some(vec![1, 1, 1, 3])), [false, true]);
    assert_eq!(by_map(Some(vec![1, 2, 1, 3])), [true, true]);
    assert_eq!(by_map(None), [true, true]);
}

#[test]
fn what_cannot_be_quantized_says_why() {
    let net = Net::with_input(&[1, 1, 3, 2])
        .conv_with("fed", "Conv2D", "x", "x")
        .conv("half", "Conv2D", "x", [1, 1, 2, 2])
        .attr("T", type_attr(DType::F16))
        .matmul("turned", "x", [2, 2])
        .attr("transpose_b", AttrValue::B(true))
        .constant("double", &[1, 1, 2, 2], vec![0.0_f64; 4])
        .conv_with("wide", "Conv2D", "x", "double")
        .conv("stepped", "Conv2D", "x", [1, 1, 2, 2])
        .attr("strides", AttrValue::ints([2, 1, 1, 1]))
        .float("alone", "AvgPool", &[]);
    let (_, scan) = scan(net, &[]);
    assert!(scan.layers.is_empty());
    let reason = |node: &str| scan.nodes.reason(node).unwrap().clone();
    assert_eq!(reason("fed"), LayerSkip::WeightsNotConstant);
    assert_eq!(reason("half"), LayerSkip::DType { found: "DT_HALF".into() });
    assert_eq!(reason("turned"), LayerSkip::Transposed("transpose_b"));
    assert!(matches!(reason("wide"), LayerSkip::Weights { .. }));
    assert!(matches!(reason("stepped"), LayerSkip::Attribute(_)));
    assert_eq!(reason("alone"), LayerSkip::Inputs { expected: 1, found: 0 });
}

#[test]
fn extents_beyond_atc_are_warned_about() {
    let net = Net::with_input(&[1, 70, 70, 3])
        .avg_pool("big", "x", 20)
        .avg_pool("small", "x", 19)
        .conv("stride", "Conv2D", "x", [1, 1, 3, 2])
        .attr("strides", AttrValue::ints([1, 64, 64, 1]));
    let (_, found) = scan(net, &[]);
    let warned: Vec<&str> = found.warnings.iter().map(|warning| warning.layer.as_str()).collect();
    assert_eq!(warned, ["big", "stride"]);
    let pool = Net::with_input(&[1, 7, 7, 3]).avg_pool("global", "x", 7).build();
    let scan = scan_layers(&pool, &[], &|_| Some(vec![1, 7, 7, 3])).unwrap();
    assert_eq!(scan.warnings.len(), 1);
}

#[test]
fn amct_nodes_are_recognised() {
    assert_eq!(already_quantized(&Net::with_input(&[1]).build()), None);
    let quantized = Net::with_input(&[1]).float("q", "AscendQuant", &["x"]).build();
    assert_eq!(already_quantized(&quantized), Some(vec!["q".to_owned()]));
}
