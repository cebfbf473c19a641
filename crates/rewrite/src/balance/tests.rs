//! Tests of balanced graphs for every kind of layer, and of factors that do not fit.

use amct_graph::{AttrValue, LayerKind};

use super::*;
use crate::provenance::{Counterparts, NodeOrigin, compose};
use crate::testing::{Net, constant_of, edited, inputs, names, node, quantize_layer};
use crate::{InsertOptions, insert_quantization, scan_layers, verify, verify_beside};

fn factors(of: &[(&str, &[f32])]) -> BTreeMap<String, Vec<f32>> {
    of.iter().map(|(name, factors)| ((*name).to_owned(), factors.to_vec())).collect()
}

fn balanced(net: Net, outputs: &[&str], of: &[(&str, &[f32])]) -> (Graph, Graph, Balanced) {
    let original = net.build();
    let scan = scan_layers(&original, &names(outputs), &|_| None).unwrap();
    let mut graph = original.clone();
    let balanced = balance(&mut graph, &scan.layers, &factors(of), &names(outputs)).unwrap();
    (original, graph, balanced)
}

fn floats(graph: &Graph, name: &str) -> (Vec<usize>, Vec<f32>) {
    let tensor = constant_of(graph, name);
    (tensor.shape().to_vec(), tensor.into_vec().unwrap())
}

/// Quantizes all layers of a balanced graph, and checks the result beside the float graph.
fn assert_verified(original: &Graph, graph: &Graph, balanced: &Balanced, outputs: &[&str]) -> Graph {
    let layers: Vec<_> =
        balanced.layers.iter().map(|layer| quantize_layer(graph, layer.clone(), 0.05, -128)).collect();
    let mut quantized = graph.clone();
    let options = InsertOptions { outputs: names(outputs), ..InsertOptions::default() };
    insert_quantization(&mut quantized, &layers, &options).unwrap();
    assert_eq!(verify(&quantized, Some(original), &names(outputs)), []);
    quantized
}

#[test]
fn a_product_goes_in_front_and_the_factor_into_the_weights() {
    let net = Net::with_input(&[-1, 8, 8, 2]).conv("s/conv", "Conv2D", "x", [1, 1, 2, 3]).float(
        "relu",
        "Relu",
        &["s/conv"],
    );
    let (original, graph, balanced) = balanced(net, &["relu"], &[("s/conv", &[2.0, 0.5])]);
    assert_eq!(inputs(&graph, "s/conv"), ["s/dmq_balance/Mul", "s/dmq_balance/weight"]);
    assert_eq!(inputs(&graph, "s/dmq_balance/Mul"), ["x", "s/dmq_balance/factor"]);
    assert_eq!(floats(&graph, "s/dmq_balance/factor"), (vec![1, 1, 1, 2], vec![0.5, 2.0]));
    let (shape, before) = floats(&original, "s/conv/weights/read");
    let after: Vec<f32> = before.iter().enumerate().map(|(i, w)| w * if i < 3 { 2.0 } else { 0.5 }).collect();
    assert_eq!(floats(&graph, "s/dmq_balance/weight"), (shape, after));
    assert_eq!(graph.find("s/conv/weights"), None, "nobody reads the old weights");
    let product = graph.find("s/dmq_balance/Mul").unwrap();
    assert_eq!(balanced.layers[0].input, product.into());
    assert_eq!(balanced.products, [(product.into(), graph.find("x").unwrap().into())]);

    let quantized = assert_verified(&original, &graph, &balanced, &["relu"]);
    assert_eq!(inputs(&quantized, "s/act_quant/AscendQuant"), ["s/dmq_balance/Mul"]);
}

#[test]
fn every_kind_of_layer_is_balanced_along_its_input_channels() {
    let conv = Net::with_input(&[-1, 8, 8, 2]).conv("l", "Conv2D", "x", [3, 3, 2, 2]);
    let depthwise = Net::with_input(&[-1, 8, 8, 2]).conv("l", "DepthwiseConv2dNative", "x", [3, 3, 2, 3]);
    let deconv = Net::with_input(&[-1, 8, 8, 2]).deconv("l", "x", [1, 1, 3, 2]);
    let conv3d = Net::with_input(&[-1, 4, 8, 8, 2]).conv3d("l", "x", [1, 1, 1, 2, 3]);
    let matmul = Net::with_input(&[-1, 2]).matmul("l", "x", [2, 5]);
    let batch = Net::with_input(&[-1, 3, 2]).batch_matmul("l", "x", [2, 5]);
    for (net, shape) in [
        (conv, vec![1, 1, 1, 2]),
        (depthwise, vec![1, 1, 1, 2]),
        (deconv, vec![1, 1, 1, 2]),
        (conv3d, vec![1, 1, 1, 1, 2]),
        (matmul, vec![2]),
        (batch, vec![2]),
    ] {
        let outputs = ["relu"];
        let net = net.float("relu", "Relu", &["l"]);
        let (original, graph, balanced) = balanced(net, &outputs, &[("l", &[4.0, 0.25])]);
        assert_eq!(floats(&graph, "dmq_balance/factor"), (shape, vec![0.25, 4.0]));
        let layer = &balanced.layers[0];
        let channels = layer.input_channels(2).unwrap();
        let input = original.node(layer.node).inputs[layer.kind.weight_input().unwrap()];
        let before = original.constant(input).unwrap().unwrap();
        let (_, after) = floats(&graph, "dmq_balance/weight");
        for (index, (w, scaled)) in before.as_slice::<f32>().unwrap().iter().zip(after).enumerate() {
            let factor = if channels.of_weight(index) == 0 { 4.0 } else { 0.25 };
            assert_eq!(w * factor, scaled, "{:?} at {index}", layer.kind);
        }
        assert_verified(&original, &graph, &balanced, &outputs);
    }
}

#[test]
fn channels_first_has_its_factors_on_axis_1() {
    let net = Net::with_input(&[-1, 2, 8, 8])
        .conv("l", "Conv2D", "x", [1, 1, 2, 3])
        .attr("data_format", AttrValue::string("NCHW"))
        .float("relu", "Relu", &["l"]);
    let (original, graph, balanced) = balanced(net, &["relu"], &[("l", &[2.0, 4.0])]);
    assert_eq!(floats(&graph, "dmq_balance/factor"), (vec![1, 2, 1, 1], vec![0.5, 0.25]));
    assert_verified(&original, &graph, &balanced, &["relu"]);
}

#[test]
fn layers_that_share_an_input_or_weights_each_have_their_own() {
    let net = Net::with_input(&[-1, 8, 8, 2])
        .variable("w", &[1, 1, 2, 2])
        .conv_with("a/conv", "Conv2D", "x", "w/read")
        .conv_with("b/conv", "Conv2D", "x", "w/read")
        .float("sum", "AddV2", &["a/conv", "b/conv"]);
    let both: [(&str, &[f32]); 2] = [("a/conv", &[2.0, 1.0]), ("b/conv", &[1.0, 8.0])];
    let (original, graph, of_both) = balanced(net, &["sum"], &both);
    assert_eq!(inputs(&graph, "a/dmq_balance/Mul")[0], "x");
    assert_eq!(inputs(&graph, "b/dmq_balance/Mul")[0], "x");
    assert_ne!(floats(&graph, "a/dmq_balance/weight"), floats(&graph, "b/dmq_balance/weight"));
    assert_verified(&original, &graph, &of_both, &["sum"]);
}

#[test]
fn a_layer_without_factors_stays_as_it_was() {
    let net = Net::with_input(&[-1, 8, 8, 2])
        .conv("a/conv", "Conv2D", "x", [1, 1, 2, 2])
        .conv("b/conv", "Conv2D", "x", [1, 1, 2, 2])
        .float("sum", "AddV2", &["a/conv", "b/conv"]);
    let (original, graph, balanced) = balanced(net, &["sum"], &[("a/conv", &[2.0, 1.0])]);
    assert_eq!(inputs(&graph, "b/conv"), ["x", "b/conv/weights/read"]);
    assert_eq!(node(&graph, "b/conv/weights"), node(&original, "b/conv/weights"));
    assert_verified(&original, &graph, &balanced, &["sum"]);
}

#[test]
fn the_product_goes_before_a_pad_that_only_the_layer_reads() {
    let pad =
        || Net::with_input(&[-1, 8, 8, 2]).pad("pad", "x").conv("a/conv", "Conv2D", "pad", [3, 3, 2, 2]);
    let alone = pad().float("relu", "Relu", &["a/conv"]);
    let (original, graph, one) = balanced(alone, &["relu"], &[("a/conv", &[2.0, 1.0])]);
    assert_eq!(inputs(&graph, "pad")[0], "a/dmq_balance/Mul");
    assert!(one.layers[0].pad.is_some());
    let quantized = assert_verified(&original, &graph, &one, &["relu"]);
    assert_eq!(inputs(&quantized, "pad")[0], "a/act_quant/AscendQuant");

    let shared =
        pad().conv("b/conv", "Conv2D", "pad", [3, 3, 2, 2]).float("sum", "AddV2", &["a/conv", "b/conv"]);
    let (original, graph, two) = balanced(shared, &["sum"], &[("a/conv", &[2.0, 1.0])]);
    assert_eq!(inputs(&graph, "a/dmq_balance/Mul")[0], "pad");
    let [a, b] = two.layers.as_slice() else { panic!() };
    assert_eq!((a.pad, b.pad), (None, None));
    assert_eq!(b.input, graph.find("pad").unwrap().into());
    assert_verified(&original, &graph, &two, &["sum"]);
}

#[test]
fn a_group_convolution_has_one_product_for_all_its_parts() {
    let net = || Net::with_input(&[-1, 8, 8, 4]).group_conv("g", "x", 4).float("relu", "Relu", &["g/concat"]);
    let (original, graph, whole) = balanced(net(), &["relu"], &[("g/a", &[2.0, 4.0]), ("g/b", &[0.5, 8.0])]);
    assert_eq!(inputs(&graph, "g/split")[1], "g/dmq_balance/Mul");
    assert_eq!(floats(&graph, "g/dmq_balance/factor").1, [0.5, 0.25, 2.0, 0.125]);
    assert!(whole.layers.iter().all(|layer| layer.group.is_some()));
    let quantized = assert_verified(&original, &graph, &whole, &["relu"]);
    assert_eq!(inputs(&quantized, "g/split")[1], "g/act_quant/AscendQuant");

    let (original, graph, one) = balanced(net(), &["relu"], &[("g/b", &[0.5, 8.0])]);
    assert_eq!(floats(&graph, "g/dmq_balance_1/factor").1, [1.0, 1.0, 2.0, 0.125]);
    assert_eq!(one.layers[0].kind, LayerKind::Conv2d);
    assert_verified(&original, &graph, &one, &["relu"]);
}

#[test]
fn new_nodes_have_the_origins_of_their_layer() {
    let net = Net::with_input(&[-1, 8, 8, 2])
        .conv("s/conv", "Conv2D", "x", [1, 1, 2, 3])
        .bias_add("s/bias", "s/conv", 3)
        .float("relu", "Relu", &["s/bias"]);
    let (original, graph, balanced) = balanced(net, &["relu"], &[("s/conv", &[2.0, 0.5])]);
    let layers = [quantize_layer(&graph, balanced.layers[0].clone(), 0.05, 0)];
    let mut quantized = graph.clone();
    let options = InsertOptions { outputs: names(&["relu"]), ..InsertOptions::default() };
    let report = insert_quantization(&mut quantized, &layers, &options).unwrap();
    let nodes = compose(&quantized, &[&balanced.told, &report.told]).unwrap();
    let of = |name: &str| &nodes.iter().find(|node| node.name == name).unwrap().original;
    for name in ["s/conv", "s/dmq_balance/Mul", "s/dmq_balance/factor", "s/act_quant/AscendQuant"] {
        assert_eq!(*of(name), ["s/conv", "s/bias"], "{name}");
    }
    assert_eq!(*of("x"), ["x"]);

    let rules = |nodes: &[NodeOrigin]| -> Vec<u8> {
        let told = Counterparts::told(&quantized, &original, &options.outputs, nodes);
        verify_beside(&quantized, told, &options.outputs).iter().map(|found| found.rule).collect()
    };
    assert_eq!(rules(&nodes), []);
    // A product that no pass tells of balances nothing.
    let others: Vec<_> = nodes.iter().filter(|node| node.op != op::MUL).cloned().collect();
    assert!(rules(&others).contains(&7), "{:?}", rules(&others));
}

#[test]
fn factors_that_do_not_fit_are_refused() {
    let net =
        Net::with_input(&[-1, 8, 8, 2]).conv("conv", "Conv2D", "x", [1, 1, 2, 3]).avg_pool("pool", "conv", 2);
    let graph = net.build();
    let scan = scan_layers(&graph, &names(&["pool"]), &|_| None).unwrap();
    let refused = |name: &str, values: &[f32]| {
        let mut changed = graph.clone();
        let error =
            balance(&mut changed, &scan.layers, &factors(&[(name, values)]), &names(&["pool"])).unwrap_err();
        assert!(changed.nodes().eq(graph.nodes()), "unchanged");
        error
    };
    assert!(matches!(refused("conv", &[1.0; 3]), RewriteError::Count { found: 3, .. }));
    assert!(matches!(refused("pool", &[1.0; 3]), RewriteError::Count { .. }));
    for bad in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert!(matches!(refused("conv", &[1.0, bad]), RewriteError::Scale { .. }), "{bad}");
    }
}

#[test]
fn a_product_that_is_not_a_balance_is_found_by_verify() {
    let net = Net::with_input(&[-1, 8, 8, 2]).conv("s/conv", "Conv2D", "x", [1, 1, 2, 3]).float(
        "relu",
        "Relu",
        &["s/conv"],
    );
    let (original, graph, balanced) = balanced(net, &["relu"], &[("s/conv", &[2.0, 0.5])]);
    let quantized = assert_verified(&original, &graph, &balanced, &["relu"]);
    let rules = |graph: &Graph| -> Vec<u8> {
        verify(graph, Some(&original), &names(&["relu"])).iter().map(|found| found.rule).collect()
    };
    // Another factor than the weights have.
    let wrong = edited(&quantized, |nodes| {
        let other = Net::default().constant("other", &[1, 1, 1, 2], vec![0.5_f32, 1.0]).build();
        let value = node(&other, "other").attrs["value"].clone();
        let factor = nodes.iter_mut().find(|(node, _)| node.name == "s/dmq_balance/factor").unwrap();
        factor.0.attrs.insert("value".to_owned(), value);
    });
    assert_eq!(rules(&wrong), [10]);
    // Read by something else as well.
    let leaking = edited(&quantized, |nodes| {
        let relu = nodes.iter_mut().find(|(node, _)| node.name == "relu").unwrap();
        relu.1 = names(&["s/dmq_balance/Mul"]);
    });
    assert!(rules(&leaking).contains(&2), "{:?}", rules(&leaking));
}
