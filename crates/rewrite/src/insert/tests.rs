//! Tests of inserted quantization: nodes, constants, names, origins, and what is refused.

mod float_readers;
mod kinds;
mod relu6;
mod words;

use amct_graph::{AttrValue, Graph, type_code};
use amct_tensor::DType;
use amct_tensor::quantization::DeqScale;

use super::*;
use crate::provenance::compose;
use crate::testing::{Net, constant_of, inputs, names, node, quantize_all, quantize_layer};
use crate::{FoldOptions, fold, scan_layers};

fn insert(net: Net, outputs: &[&str]) -> (Graph, InsertReport) {
    let mut graph = net.build();
    let layers = quantize_all(&graph, outputs);
    let options = InsertOptions { outputs: names(outputs), ..InsertOptions::default() };
    let report = insert_quantization(&mut graph, &layers, &options).unwrap();
    (graph, report)
}

fn conv_bias() -> Net {
    Net::with_input(&[-1, 8, 8, 3])
        .conv("net/c/Conv2D", "Conv2D", "x", [3, 3, 3, 4])
        .bias_add("net/c/BiasAdd", "net/c/Conv2D", 4)
        .float("net/c/Relu", "Relu", &["net/c/BiasAdd"])
}

#[test]
fn a_convolution_gets_the_whole_pattern() {
    let source = conv_bias().build();
    let (graph, report) = insert(conv_bias(), &["net/c/Relu"]);
    assert_eq!(inputs(&graph, "net/c/Relu"), ["net/c/dequant/AscendDequant"]);
    assert_eq!(inputs(&graph, "net/c/dequant/AscendDequant"), ["net/c/BiasAdd", "net/c/dequant/deq_scale"]);
    assert_eq!(inputs(&graph, "net/c/BiasAdd"), ["net/c/Conv2D", "net/c/bias_quant/Cast"]);
    assert_eq!(
        inputs(&graph, "net/c/Conv2D"),
        ["net/c/act_quant/AscendQuant", "net/c/weight_quant/AscendWeightQuant"]
    );
    assert_eq!(
        inputs(&graph, "net/c/weight_quant/AscendWeightQuant"),
        ["net/c/weight_quant/weight", "net/c/weight_quant/offset_w"]
    );
    assert_eq!(inputs(&graph, "net/c/act_quant/AscendQuant"), ["x"]);
    assert_eq!(node(&graph, "net/c/Conv2D").attrs, node(&source, "net/c/Conv2D").attrs);
    // x, relu; quant; weight, offset, weight quant; conv; bias, cast, add; words, dequant.
    assert_eq!(graph.len(), 12);
    assert_eq!(report.layers, ["net/c/Conv2D"]);

    let quant = node(&graph, "net/c/act_quant/AscendQuant");
    assert_eq!(quant.attrs["scale"], AttrValue::F(1.0 / 0.05));
    assert_eq!(quant.attrs["offset"], AttrValue::F(-128.0));
    assert_eq!(quant.attrs["quant_bits"], AttrValue::I(8));
    assert_eq!(quant.attrs["T"], AttrValue::Type(1));
    assert!(!quant.attrs.contains_key("dst_type"));
    let dequant = node(&graph, "net/c/dequant/AscendDequant");
    assert_eq!(dequant.attrs["ksize"], AttrValue::ints([1, 1]));
    assert_eq!(dequant.attrs["data_format"], AttrValue::string("NHWC"));
    let cast = node(&graph, "net/c/bias_quant/Cast");
    assert_eq!(cast.attrs["SrcT"], AttrValue::Type(type_code(DType::I32)));
    assert_eq!(cast.attrs["DstT"], AttrValue::Type(type_code(DType::F32)));
}

#[test]
fn the_constants_hold_the_numbers() {
    let source = conv_bias().build();
    let layer = quantize_all(&source, &[]).remove(0);
    let (graph, _) = insert(conv_bias(), &["net/c/Relu"]);
    let weight = constant_of(&graph, "net/c/weight_quant/weight");
    assert_eq!(
        (weight.shape(), weight.as_slice::<i8>().unwrap()),
        (&[3, 3, 3, 4][..], layer.weights.as_slice())
    );
    let offset = constant_of(&graph, "net/c/weight_quant/offset_w");
    assert_eq!((offset.shape(), offset.as_slice::<i8>().unwrap()), (&[1, 1, 1, 4][..], &[0_i8; 4][..]));
    let words = constant_of(&graph, "net/c/dequant/deq_scale");
    let expected: Vec<u64> = layer.scale_w.iter().map(|s| u64::from((0.05_f32 * s).to_bits())).collect();
    assert_eq!(words.as_slice::<u64>().unwrap(), expected);
    let float = constant_of(&source, "net/c/BiasAdd/biases");
    let bias = constant_of(&graph, "net/c/bias_quant/bias");
    for ((q, b), s) in
        bias.as_slice::<i32>().unwrap().iter().zip(float.as_slice::<f32>().unwrap()).zip(&layer.scale_w)
    {
        assert_eq!(*q, (b / (s * 0.05)).round_ties_even() as i32);
    }
}

#[test]
fn a_folded_graph_quantizes_with_the_group_as_origin() {
    let mut graph = Net::with_input(&[-1, 8, 8, 3])
        .conv("a/dw", "DepthwiseConv2dNative", "x", [3, 3, 3, 2])
        .batch_norm("a/bn", "a/dw", 6)
        .float("a/Relu6", "Relu6", &["a/bn"])
        .build();
    let outputs = names(&["a/Relu6"]);
    let folded =
        fold(&mut graph, &FoldOptions { outputs: outputs.clone(), ..FoldOptions::default() }).unwrap();
    let layers = quantize_all(&graph, &["a/Relu6"]);
    let options = InsertOptions { outputs, ..InsertOptions::default() };
    let report = insert_quantization(&mut graph, &layers, &options).unwrap();
    assert_eq!(constant_of(&graph, "a/weight_quant/offset_w").shape(), [1, 1, 3, 1]);
    assert_eq!(constant_of(&graph, "a/dequant/deq_scale").shape(), [6]);
    let nodes = compose(&graph, &[&folded.told(), &report.told]).unwrap();
    let origin = |name: &str| nodes.iter().find(|node| node.name == name).unwrap().clone();
    for name in ["a/act_quant/AscendQuant", "a/dw", "a/bias_add/BiasAdd", "a/weight_quant/weight"] {
        assert_eq!((origin(name).original, origin(name).output_of), (names(&["a/dw", "a/bn"]), None));
    }
    assert_eq!(origin("a/dequant/AscendDequant").output_of, Some("a/bn".to_owned()));
    assert_eq!(origin("a/Relu6").original, ["a/Relu6"]);
    let order: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(order.len(), graph.len());
    assert_eq!(order[..2], ["x", "a/act_quant/AscendQuant"]);
    assert_eq!(order[order.len() - 3..], ["a/dequant/deq_scale", "a/dequant/AscendDequant", "a/Relu6"]);
}

#[test]
fn a_folded_layer_that_stays_float_keeps_its_origin() {
    let mut graph = Net::with_input(&[-1, 8, 8, 3])
        .conv("c", "Conv2D", "x", [1, 1, 3, 2])
        .batch_norm("bn", "c", 2)
        .build();
    let folded = fold(&mut graph, &FoldOptions::default()).unwrap();
    let report = insert_quantization(&mut graph, &[], &InsertOptions::default()).unwrap();
    let nodes = compose(&graph, &[&folded.told(), &report.told]).unwrap();
    let end = nodes.iter().find(|node| node.op == "BiasAdd").unwrap();
    assert_eq!((end.original.clone(), end.output_of.as_deref()), (names(&["c", "bn"]), Some("bn")));
}

#[test]
fn quantization_goes_before_the_pad() {
    let net =
        Net::with_input(&[-1, 8, 8, 3]).pad("s/Pad", "x").conv("s/conv", "Conv2D", "s/Pad", [3, 3, 3, 4]);
    let (graph, _) = insert(net.float("out", "Relu", &["s/conv"]), &["out"]);
    assert_eq!(inputs(&graph, "s/conv")[0], "s/Pad");
    assert_eq!(inputs(&graph, "s/Pad"), ["s/act_quant/AscendQuant", "s/Pad/paddings"]);
    assert_eq!(inputs(&graph, "s/dequant/AscendDequant")[0], "s/conv");
}

#[test]
fn a_pad_that_not_all_readers_share_is_quantized_behind() {
    let net =
        || {
            Net::with_input(&[-1, 8, 8, 3])
                .pad("Pad", "x")
                .conv("a/conv", "Conv2D", "Pad", [3, 3, 3, 4])
                .conv("b/conv", "Conv2D", "Pad", [3, 3, 3, 4])
        };
    let mut graph = net().build();
    let mut layers = quantize_all(&graph, &["a/conv"]);
    layers[1].activation.scale = 0.06;
    insert_quantization(&mut graph, &layers, &InsertOptions::default()).unwrap();
    assert_eq!(inputs(&graph, "Pad")[0], "x");
    assert_eq!(inputs(&graph, "a/conv")[0], "a/act_quant/AscendQuant");
    assert_eq!(inputs(&graph, "b/act_quant/AscendQuant"), ["Pad"]);

    // One of the two stays float: it must not read quantized values.
    let mut graph = net().build();
    let only_a = &quantize_all(&graph, &[])[..1];
    insert_quantization(&mut graph, only_a, &InsertOptions::default()).unwrap();
    assert_eq!(inputs(&graph, "Pad")[0], "x");
    assert_eq!(inputs(&graph, "a/conv")[0], "a/act_quant/AscendQuant");
    assert_eq!(inputs(&graph, "b/conv")[0], "Pad");
}

#[test]
fn equal_numbers_share_a_quant_and_others_do_not() {
    let net = || {
        Net::with_input(&[-1, 8, 8, 3])
            .conv("s/a", "Conv2D", "x", [1, 1, 3, 4])
            .conv("s/b", "Conv2D", "x", [1, 1, 3, 4])
            .float("out", "AddV2", &["s/a", "s/b"])
    };
    let (shared, _) = insert(net(), &["out"]);
    assert_eq!(inputs(&shared, "s/a")[0], "s/act_quant/AscendQuant");
    assert_eq!(inputs(&shared, "s/b")[0], "s/act_quant/AscendQuant");
    assert_eq!(inputs(&shared, "out"), ["s/dequant/AscendDequant", "s/dequant_1/AscendDequant"]);

    let mut graph = net().build();
    let mut layers = quantize_all(&graph, &["out"]);
    layers[1].activation.scale = f32::from_bits(0.05_f32.to_bits() + 1);
    insert_quantization(&mut graph, &layers, &InsertOptions::default()).unwrap();
    assert_eq!(inputs(&graph, "s/b")[0], "s/act_quant_1/AscendQuant");
}

#[test]
fn a_layer_on_a_layer_reads_the_dequantized_value() {
    let net = Net::with_input(&[-1, 8, 8, 3])
        .conv("a/conv", "Conv2D", "x", [1, 1, 3, 4])
        .conv("b/conv", "Conv2D", "a/conv", [1, 1, 4, 4])
        .float("late", "Relu", &["x"])
        .after("a/conv");
    let (graph, _) = insert(net, &["b/conv"]);
    assert_eq!(inputs(&graph, "b/act_quant/AscendQuant"), ["a/dequant/AscendDequant"]);
    assert_eq!(inputs(&graph, "a/dequant/AscendDequant")[0], "a/conv");
    assert_eq!(inputs(&graph, "late"), ["x", "^a/dequant/AscendDequant"]);
}

#[test]
fn shared_weights_are_quantized_for_each_reader() {
    let net = || {
        Net::with_input(&[-1, 8, 8, 3]).conv("a/conv", "Conv2D", "x", [1, 1, 3, 3]).conv_with(
            "b/conv",
            "Conv2D",
            "a/conv",
            "a/conv/weights/read",
        )
    };
    let (graph, _) = insert(net(), &["b/conv"]);
    assert!(graph.find("a/weight_quant/weight").is_some() && graph.find("b/weight_quant/weight").is_some());
    assert_eq!(graph.find("a/conv/weights"), None);
    let mut graph = net().build();
    let only_a = &quantize_all(&graph, &[])[..1];
    insert_quantization(&mut graph, only_a, &InsertOptions::default()).unwrap();
    assert_eq!(inputs(&graph, "b/conv")[1], "a/conv/weights/read");
}

#[test]
fn matmul_and_pooling_have_one_scale() {
    let net = Net::with_input(&[-1, 7, 7, 3])
        .avg_pool("pool", "x", 7)
        .float("flat", "Squeeze", &["pool"])
        .matmul("fc/MatMul", "flat", [3, 10])
        .bias_add("fc/BiasAdd", "fc/MatMul", 10);
    let (graph, report) = insert(net, &["fc/BiasAdd"]);
    assert_eq!(inputs(&graph, "flat"), ["dequant/AscendDequant"]);
    assert_eq!(inputs(&graph, "pool"), ["act_quant/AscendQuant"]);
    assert_eq!(node(&graph, "dequant/AscendDequant").attrs["ksize"], AttrValue::ints([7, 7]));
    let words = constant_of(&graph, "dequant/deq_scale");
    assert_eq!(
        words.as_slice::<u64>().unwrap(),
        [DeqScale { scale: 0.05, shift_n: 0, offset_w: 0 }.to_bits()]
    );
    assert_eq!(constant_of(&graph, "fc/weight_quant/offset_w").shape(), [1]);
    assert_eq!(constant_of(&graph, "fc/dequant/deq_scale").shape(), [1]);

    // The requested output keeps its name and is the dequantized value.
    assert_eq!(node(&graph, "fc/BiasAdd").op, "Identity");
    assert_eq!(inputs(&graph, "fc/BiasAdd"), ["fc/dequant/AscendDequant"]);
    assert_eq!(inputs(&graph, "fc/dequant/AscendDequant")[0], "fc/BiasAdd_quantized");
    assert_eq!(report.renamed, [("fc/BiasAdd".to_owned(), "fc/BiasAdd_quantized".to_owned())]);
    let nodes = compose(&graph, &[&report.told]).unwrap();
    let inner = nodes.iter().find(|node| node.name == "fc/BiasAdd_quantized").unwrap();
    assert_eq!(inner.original, ["fc/MatMul", "fc/BiasAdd"]);
}

#[test]
fn numbers_that_do_not_fit_are_refused_and_nothing_changes() {
    let graph = conv_bias().build();
    let good = quantize_all(&graph, &[]).remove(0);
    let attempt = |change: &dyn Fn(&mut LayerQuantization)| {
        let mut layer = good.clone();
        change(&mut layer);
        let mut changed = graph.clone();
        let error = insert_quantization(&mut changed, &[layer], &InsertOptions::default()).unwrap_err();
        assert_eq!(changed.len(), graph.len());
        error
    };
    assert!(matches!(attempt(&|l| l.scale_w = vec![0.1; 3]), RewriteError::Count { what: "scale_w", .. }));
    assert!(matches!(attempt(&|l| l.weights.truncate(1)), RewriteError::Count { what: "weights", .. }));
    assert!(matches!(attempt(&|l| l.activation.scale = 0.0), RewriteError::Scale { what: "scale_d", .. }));
    assert!(matches!(
        attempt(&|l| l.activation.scale = 1e-40),
        RewriteError::Scale { what: "1 / scale_d", .. }
    ));
    assert!(matches!(attempt(&|l| l.scale_w[2] = f32::NAN), RewriteError::Scale { what: "scale_w", .. }));
    assert!(matches!(attempt(&|l| l.activation.offset = 128), RewriteError::Offset { found: 128, .. }));
    assert!(matches!(attempt(&|l| l.layer.name = "other".into()), RewriteError::Stale { .. }));
    let overflow = attempt(&|l| l.scale_w = vec![1e-9; 4]);
    assert!(overflow.to_string().starts_with(
        "Quantized bias of layer \"net/c/Conv2D\" exceed int32 range: [-2147483648.0, 2147483647.0], \
         please add it to skip layer."
    ));
    let mut twice = graph.clone();
    let error = insert_quantization(&mut twice, &[good.clone(), good.clone()], &InsertOptions::default());
    assert!(matches!(error, Err(RewriteError::ListedTwice(_))));
}

#[test]
fn dst_type_is_written_on_request() {
    let mut graph = conv_bias().build();
    let layers = quantize_all(&graph, &[]);
    let options = InsertOptions { write_dst_type: true, ..InsertOptions::default() };
    insert_quantization(&mut graph, &layers, &options).unwrap();
    for name in ["net/c/act_quant/AscendQuant", "net/c/weight_quant/AscendWeightQuant"] {
        assert_eq!(node(&graph, name).attrs["dst_type"], AttrValue::string("INT8"));
    }
}

#[test]
fn one_scale_for_a_convolution_has_a_one_element_offset() {
    let mut graph = conv_bias().build();
    let scan = scan_layers(&graph, &[], &|_| None).unwrap();
    let mut layer = scan.layers[0].clone();
    layer.channel_wise = false;
    let quantization = quantize_layer(&graph, layer, 0.1, 3);
    insert_quantization(&mut graph, &[quantization], &InsertOptions::default()).unwrap();
    assert_eq!(constant_of(&graph, "net/c/weight_quant/offset_w").shape(), [1, 1, 1, 1]);
    assert_eq!(constant_of(&graph, "net/c/dequant/deq_scale").shape(), [1]);
}
