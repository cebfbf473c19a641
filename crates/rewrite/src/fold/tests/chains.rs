//! What is folded besides `FusedBatchNorm`, and what lies between layer and norm.

use super::*;
use crate::provenance::{Counterparts, compose};
use crate::testing::{names, quantize_all};
use crate::{InsertOptions, insert_quantization, verify, verify_beside};

/// Which way the operands of a small-op norm stand.
#[derive(Clone, Copy)]
struct Orders {
    flipped: bool,
    gamma: bool,
    beta: bool,
    add: &'static str,
}

/// The op chain of `tf.nn.batch_normalization`, on the constants that `Net::batch_norm` has.
fn small_norm(net: Net, name: &str, input: &str, channels: usize, orders: Orders) -> Net {
    let part = |part: &str| format!("{name}/{part}");
    let pair = |a: String, b: String| if orders.flipped { [b, a] } else { [a, b] };
    let op = |net: Net, name: &str, op: &str, inputs: [String; 2]| {
        net.float(name, op, &[inputs[0].as_str(), inputs[1].as_str()])
    };
    // The fused norm only brings the constants; nobody needs it.
    let net = net.batch_norm(&part("unused"), input, channels).constant(&part("y"), &[], vec![1e-3_f32]);
    let c = |name: &str| part(&format!("unused/{name}"));
    let net = op(net, &part("add"), orders.add, pair(c("variance"), part("y")));
    let net = net.float(&part("Rsqrt"), "Rsqrt", &[&part("add")]);
    let (net, scale) = if orders.gamma {
        (op(net, &part("mul"), "Mul", pair(part("Rsqrt"), c("gamma/read"))), part("mul"))
    } else {
        (net, part("Rsqrt"))
    };
    let net = op(net, &part("mul_1"), "Mul", pair(input.to_owned(), scale.clone()));
    let net = if orders.beta {
        let net = op(net, &part("mul_2"), "Mul", pair(c("mean/read"), scale));
        op(net, &part("shift"), "Sub", [c("beta/read"), part("mul_2")])
    } else {
        let net = net.float(&part("Neg"), "Neg", &[&c("mean/read")]);
        op(net, &part("shift"), "Mul", pair(part("Neg"), scale))
    };
    op(net, name, orders.add, pair(part("mul_1"), part("shift")))
}

/// The graph without the fused norm that only brought constants.
fn without_unused(net: Net) -> Graph {
    edited(&net.build(), |nodes| nodes.retain(|(node, _)| !node.name.ends_with("/unused")))
}

pub(super) fn fold_graph(mut graph: Graph, output: &str) -> (Graph, FoldReport) {
    let options = FoldOptions { outputs: names(&[output]), ..FoldOptions::default() };
    let report = fold(&mut graph, &options).unwrap();
    (graph, report)
}

fn bits(graph: &Graph, name: &str) -> Vec<u32> {
    constant_of(graph, name).as_slice::<f32>().unwrap().iter().map(|x| x.to_bits()).collect()
}

/// Quantizes what folding gave and checks it against the float graph.
pub(super) fn is_sound(original: &Graph, folded: &Graph, report: &FoldReport, output: &str) {
    let mut graph = folded.clone();
    let layers = quantize_all(folded, &[output]);
    assert!(!layers.is_empty());
    let outputs = names(&[output]);
    let options = InsertOptions { outputs: outputs.clone(), ..InsertOptions::default() };
    let inserted = insert_quantization(&mut graph, &layers, &options).unwrap();
    assert_eq!(verify(&graph, Some(original), &outputs), []);
    // What the passes tell says the same as what the two graphs show.
    let nodes = compose(&graph, &[&report.told(), &inserted.told]).unwrap();
    let told = Counterparts::told(&graph, original, &outputs, &nodes);
    let inferred = Counterparts::infer(&graph, original, &outputs);
    for (id, node) in original.nodes() {
        assert_eq!(told.is_folded(id), inferred.is_folded(id), "{}", node.name);
        assert_eq!(told.has_vanished(id), inferred.has_vanished(id), "{}", node.name);
    }
    assert_eq!(verify_beside(&graph, told, &outputs), []);
}

#[test]
fn a_norm_of_small_ops_folds_to_the_bits_of_the_fused_one() {
    for orders in [
        Orders { flipped: false, gamma: true, beta: true, add: "AddV2" },
        Orders { flipped: true, gamma: true, beta: true, add: "Add" },
    ] {
        let layer = || Net::with_input(&[-1, 8, 8, 3]).conv("conv", "Conv2D", "x", [3, 3, 3, 4]);
        let original =
            without_unused(small_norm(layer(), "bn", "conv", 4, orders).float("relu", "Relu", &["bn"]));
        let (graph, report) = fold_graph(original.clone(), "relu");
        // x, conv, weights, BiasAdd, bias, Relu: nothing of the norm is left.
        assert_eq!(graph.len(), 6);
        assert_eq!(report.groups[0].original, ["conv", "bn/mul_1", "bn"]);
        assert_eq!(report.nodes.applied().collect::<Vec<_>>(), ["bn"]);
        is_sound(&original, &graph, &report, "relu");
        let (fused, _) = folded(layer().batch_norm("bn/unused", "conv", 4), &["bn/unused"]);
        assert_eq!(bits(&graph, "conv/weights_folded"), bits(&fused, "conv/weights_folded"));
        assert_eq!(bits(&graph, "bias_add/bias"), bits(&fused, "bias_add/bias"));
    }
}

#[test]
fn a_norm_without_center_or_scale_is_folded_whole() {
    for (gamma, beta) in [(false, true), (true, false), (false, false)] {
        let orders = Orders { flipped: gamma, gamma, beta, add: "AddV2" };
        let layer =
            Net::with_input(&[-1, 3]).matmul("fc/MatMul", "x", [3, 4]).bias_add("fc/bias", "fc/MatMul", 4);
        let original = without_unused(small_norm(layer, "bn", "fc/bias", 4, orders));
        let (graph, report) = fold_graph(original.clone(), "bn");
        assert_eq!(report.groups[0].original, ["fc/MatMul", "fc/bias", "bn/mul_1", "bn"]);
        assert_eq!(inputs(&graph, "bn"), ["fc/bias"]);
        is_sound(&original, &graph, &report, "bn");
        let column = |name: &str| constant_of(&original, name).as_slice::<f32>().unwrap().to_vec();
        let (w, variance, scale) =
            (column("fc/MatMul/weights"), column("bn/unused/variance"), column("bn/unused/gamma"));
        for (i, folded) in
            constant_of(&graph, "fc/MatMul/weights_folded").as_slice::<f32>().unwrap().iter().enumerate()
        {
            let gamma = if gamma { scale[i % 4] } else { 1.0 };
            assert_eq!(*folded, w[i] / (variance[i % 4] + 1e-3).sqrt() * gamma);
        }
    }
}

#[test]
fn factors_and_summands_are_folded_in_turn() {
    let net = Net::with_input(&[-1, 8, 8, 3])
        .constant("two", &[], vec![2.0_f32])
        .constant("half", &[1, 1, 1, 4], vec![0.5_f32; 4])
        .constant("v", &[4], vec![1.0_f32, 2.0, 3.0, 4.0])
        .conv("conv", "Conv2D", "x", [1, 1, 3, 4])
        .float("twice", "Mul", &["two", "conv"])
        .float("more", "AddV2", &["twice", "v"])
        .float("less", "Sub", &["more", "half"])
        .batch_norm("bn", "less", 4)
        .float("relu", "Relu", &["bn"]);
    let original = net.build();
    let (graph, report) = fold_graph(original.clone(), "relu");
    assert_eq!(graph.len(), 6);
    assert_eq!(report.groups.len(), 1);
    assert_eq!(report.groups[0].original, ["conv", "twice", "more", "less", "bn"]);
    is_sound(&original, &graph, &report, "relu");
}

#[test]
fn a_factor_alone_needs_no_bias() {
    let net = Net::with_input(&[-1, 8, 8, 3])
        .constant("two", &[], vec![2.0_f32])
        .conv("conv", "Conv2D", "x", [1, 1, 3, 4])
        .float("twice", "Mul", &["conv", "two"]);
    let original = net.build();
    let (graph, report) = fold_graph(original.clone(), "twice");
    assert_eq!(inputs(&graph, "twice"), ["conv"]);
    assert_eq!((report.groups[0].end(), report.groups[0].last()), ("conv", Some("twice")));
    is_sound(&original, &graph, &report, "twice");
}

#[test]
fn a_transposed_convolution_folds_along_its_own_channels() {
    let net = Net::with_input(&[1, 8, 8, 2]).deconv("up", "x", [1, 1, 3, 2]).batch_norm("bn", "up", 3);
    let original = net.build();
    let (graph, report) = fold_graph(original.clone(), "bn");
    is_sound(&original, &graph, &report, "bn");
    let at = |name: &str| constant_of(&original, name).as_slice::<f32>().unwrap().to_vec();
    let (w, gamma, variance) = (at("up/weights"), at("bn/gamma"), at("bn/variance"));
    let folded = constant_of(&graph, "up/weights_folded");
    for (i, folded) in folded.as_slice::<f32>().unwrap().iter().enumerate() {
        assert_eq!(*folded, w[i] / (variance[i / 2] + 1e-3).sqrt() * gamma[i / 2]);
    }
}

#[test]
fn a_group_convolution_shares_the_norm_out() {
    let net = Net::with_input(&[1, 8, 8, 4]).group_conv("g", "x", 4).batch_norm("bn", "g/concat", 6);
    let original = net.float("relu", "Relu", &["bn"]).build();
    let (graph, report) = fold_graph(original.clone(), "relu");
    assert_eq!(inputs(&graph, "relu"), ["g/concat"]);
    assert_eq!(inputs(&graph, "g/concat"), ["g/bias_add/BiasAdd", "g/b_bias", "g/axis"]);
    let at = |name: &str| constant_of(&original, name).as_slice::<f32>().unwrap().to_vec();
    let second = constant_of(&graph, "g/b/weights_folded");
    let expected = at("g/b/weights")[0] / (at("bn/variance")[3] + 1e-3).sqrt() * at("bn/gamma")[3];
    assert_eq!(second.as_slice::<f32>().unwrap()[0], expected);
    is_sound(&original, &graph, &report, "relu");
}

#[test]
fn a_norm_goes_before_what_keeps_channels_apart() {
    let space = Net::with_input(&[1, 8, 8, 4])
        .constant("block", &[2], vec![2_i32, 2])
        .constant("none", &[2, 2], vec![0_i32; 4])
        .float("to_batch", "SpaceToBatchND", &["x", "block", "none"])
        .conv("conv", "Conv2D", "to_batch", [3, 3, 4, 2])
        .float("to_space", "BatchToSpaceND", &["conv", "block", "none"])
        .batch_norm("bn", "to_space", 2)
        .float("relu", "Relu", &["bn"]);
    let original = space.build();
    let (graph, report) = fold_graph(original.clone(), "relu");
    assert_eq!(inputs(&graph, "relu"), ["to_space"]);
    assert_eq!(inputs(&graph, "to_space"), ["bias_add/BiasAdd", "block", "none"]);
    assert_eq!(report.groups[0].last(), None);
    is_sound(&original, &graph, &report, "relu");

    for (shape, format, folds) in
        [([-1, 1, 1, 3], "NHWC", true), ([-1, 3, 1, 1], "NCHW", true), ([-1, 1, 3, 1], "NHWC", false)]
    {
        let net = Net::with_input(&[2, 4])
            .matmul("fc", "x", [4, 3])
            .constant("shape", &[4], shape.map(|dim: i32| dim).to_vec())
            .float("wide", "Reshape", &["fc", "shape"])
            .batch_norm("bn", "wide", 3)
            .attr("data_format", AttrValue::string(format))
            .constant("flat_shape", &[2], vec![-1_i32, 3])
            .float("flat", "Reshape", &["bn", "flat_shape"]);
        let original = net.build();
        let (graph, report) = fold_graph(original.clone(), "flat");
        assert_eq!(graph.find("bn").is_none(), folds, "{shape:?}");
        is_sound(&original, &graph, &report, "flat");
    }
}

/// Keras computes the batch dimension of such a shape.
#[test]
fn a_reshape_to_a_shape_that_is_partly_computed_keeps_its_channels() {
    for (last, folds) in [(3_i32, true), (1, false)] {
        let net = Net::with_input(&[2, 4])
            .matmul("fc", "x", [4, 3])
            .float("batch", "Shape", &["x"])
            .constant("one", &[], vec![1_i32])
            .constant("last", &[], vec![last])
            .node("shape", "Pack", &["batch", "one", "one", "last"], [("N", AttrValue::I(4))])
            .float("wide", "Reshape", &["fc", "shape"])
            .batch_norm("bn", "wide", 3)
            .float("out", "Relu", &["bn"]);
        let original = net.build();
        let (graph, report) = fold_graph(original.clone(), "out");
        assert_eq!(graph.find("bn").is_none(), folds, "{last}");
        is_sound(&original, &graph, &report, "out");
    }
}

#[test]
fn a_bias_behind_a_reshape_becomes_a_constant() {
    let net = Net::with_input(&[-1, 8, 8, 3])
        .conv("conv", "Conv2D", "x", [1, 1, 3, 4])
        .variable("bias", &[4])
        .constant("shape", &[4], vec![1_i32, 1, 1, 4])
        .float("Reshape", "Reshape", &["bias/read", "shape"])
        .float("Squeeze", "Squeeze", &["Reshape"])
        .float("BiasAdd", "BiasAdd", &["conv", "Squeeze"])
        .float("relu", "Relu", &["BiasAdd"]);
    let original = net.build();
    let (graph, report) = fold_graph(original.clone(), "relu");
    assert_eq!(bits(&graph, "Squeeze_folded"), bits(&original, "bias"));
    assert_eq!(graph.len(), 7);
    is_sound(&original, &graph, &report, "relu");
}

#[test]
fn what_is_not_behind_a_layer_stays() {
    let net = Net::with_input(&[-1, 8, 8, 3])
        .constant("two", &[], vec![2.0_f32])
        .constant("wide", &[8], vec![2.0_f32; 8])
        .float("input", "Mul", &["x", "two"])
        .conv("conv", "Conv2D", "input", [1, 1, 3, 4])
        .float("relu", "Relu", &["conv"])
        .float("after", "Mul", &["relu", "two"])
        .conv("one", "Conv2D", "after", [1, 1, 4, 1])
        .float("spread", "Mul", &["one", "wide"]);
    let before = net.build();
    let (graph, report) = fold_graph(before.clone(), "spread");
    assert_eq!(graph.len(), before.len());
    assert!(report.groups.is_empty());
    assert!(matches!(report.nodes.reason("spread"), Some(FoldSkip::Constant { .. })));
    assert_eq!(report.nodes.reason("after"), None);
}
