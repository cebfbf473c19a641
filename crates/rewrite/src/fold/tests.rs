//! Tests of folding: the numbers, what stays addressable, and every reason not to fold.

mod chains;
mod in_front;

use amct_graph::{AttrValue, Graph, LayerKind};

use super::*;
use crate::testing::{Net, constant_of, edited, inputs, node};

fn folded(net: Net, outputs: &[&str]) -> (Graph, FoldReport) {
    let mut graph = net.build();
    let outputs = outputs.iter().map(|&s| s.to_owned()).collect();
    let report = fold(&mut graph, &FoldOptions { outputs, ..FoldOptions::default() }).unwrap();
    (graph, report)
}

fn conv_bn() -> Net {
    Net::with_input(&[-1, 8, 8, 3])
        .conv("net/conv/Conv2D", "Conv2D", "x", [3, 3, 3, 4])
        .batch_norm("net/conv/bn", "net/conv/Conv2D", 4)
        .float("net/conv/Relu6", "Relu6", &["net/conv/bn"])
}

fn reason(net: Net, outputs: &[&str]) -> FoldSkip {
    let before = net.build();
    let mut graph = before.clone();
    let outputs = outputs.iter().map(|&s| s.to_owned()).collect();
    let report = fold(&mut graph, &FoldOptions { outputs, ..FoldOptions::default() }).unwrap();
    assert_eq!(graph.len(), before.len());
    assert!(report.groups.is_empty());
    report.nodes.skipped().next().unwrap().1.clone()
}

#[test]
fn a_convolution_takes_over_the_norm() {
    let (graph, report) = folded(conv_bn(), &["net/conv/Relu6"]);
    assert_eq!(inputs(&graph, "net/conv/Relu6"), ["net/conv/bias_add/BiasAdd"]);
    assert_eq!(inputs(&graph, "net/conv/bias_add/BiasAdd"), ["net/conv/Conv2D", "net/conv/bias_add/bias"]);
    assert_eq!(inputs(&graph, "net/conv/Conv2D"), ["x", "net/conv/Conv2D/weights_folded"]);
    assert_eq!(node(&graph, "net/conv/bias_add/BiasAdd").attrs["data_format"], AttrValue::string("NHWC"));
    // Nothing of the norm or the old weights is left: x, conv, weights, BiasAdd, bias, Relu6.
    assert_eq!(graph.len(), 6);
    let group = &report.groups[0];
    assert_eq!(group.original, ["net/conv/Conv2D", "net/conv/bn"]);
    assert_eq!((group.last(), group.end()), (Some("net/conv/bn"), "net/conv/bias_add/BiasAdd"));
    assert_eq!(report.nodes.applied().collect::<Vec<_>>(), ["net/conv/bn"]);
}

#[test]
fn depthwise_channels_run_over_both_inner_axes() {
    let net = Net::with_input(&[-1, 8, 8, 3])
        .conv("dw", "DepthwiseConv2dNative", "x", [2, 2, 3, 2])
        .batch_norm("bn", "dw", 6);
    let source = net.build();
    let mut graph = source.clone();
    let options = FoldOptions { outputs: vec!["bn".into()], ..FoldOptions::default() };
    fold(&mut graph, &options).unwrap();
    let (before, after) = (constant_of(&source, "dw/weights"), constant_of(&graph, "dw/weights_folded"));
    assert_eq!(after.shape(), [2, 2, 3, 2]);
    let gamma = constant_of(&source, "bn/gamma");
    let variance = constant_of(&source, "bn/variance");
    for (i, (w, folded)) in
        before.as_slice::<f32>().unwrap().iter().zip(after.as_slice::<f32>().unwrap()).enumerate()
    {
        let at = |tensor: &amct_tensor::Tensor| tensor.as_slice::<f32>().unwrap()[i % 6];
        assert_eq!(*folded, w / (at(&variance) + 1e-3).sqrt() * at(&gamma));
    }
}

#[test]
fn an_existing_bias_add_stays_and_gets_a_new_constant() {
    let net = Net::with_input(&[-1, 8, 8, 3])
        .conv("c/conv", "Conv2D", "x", [1, 1, 3, 2])
        .bias_add("c/BiasAdd", "c/conv", 2)
        .batch_norm("c/bn", "c/BiasAdd", 2)
        .float("relu", "Relu", &["c/bn"]);
    let (graph, report) = folded(net, &["relu"]);
    assert_eq!(inputs(&graph, "relu"), ["c/BiasAdd"]);
    assert_eq!(inputs(&graph, "c/BiasAdd"), ["c/conv", "c/BiasAdd/biases_folded"]);
    assert_eq!(report.groups[0].original, ["c/conv", "c/BiasAdd", "c/bn"]);
    assert_eq!(graph.find("c/BiasAdd/biases"), None);
}

#[test]
fn shared_weights_stay_for_the_others() {
    let net = Net::with_input(&[-1, 8, 8, 3])
        .conv("a", "Conv2D", "x", [1, 1, 3, 2])
        .batch_norm("bn", "a", 2)
        .conv_with("b", "Conv2D", "x", "a/weights/read")
        .float("sum", "AddV2", &["bn", "b"]);
    let (graph, _) = folded(net, &["sum"]);
    assert_eq!(inputs(&graph, "a"), ["x", "a/weights_folded"]);
    assert_eq!(inputs(&graph, "b"), ["x", "a/weights/read"]);
    assert_ne!(constant_of(&graph, "a/weights"), constant_of(&graph, "a/weights_folded"));
}

#[test]
fn a_requested_norm_stays_addressable() {
    let net =
        Net::with_input(&[-1, 8, 8, 3]).conv("conv", "Conv2D", "x", [1, 1, 3, 2]).batch_norm("bn", "conv", 2);
    let (graph, _) = folded(net, &["bn:0"]);
    assert_eq!(node(&graph, "bn").op, "Identity");
    assert_eq!(inputs(&graph, "bn"), ["bias_add/BiasAdd"]);
    assert_eq!(reason(conv_bn(), &["net/conv/bn:1"]), FoldSkip::StatisticsUsed);
}

#[test]
fn control_edges_move_to_the_new_end() {
    let (graph, _) =
        folded(conv_bn().float("late", "Relu", &["x"]).after("net/conv/bn"), &["net/conv/Relu6"]);
    assert_eq!(inputs(&graph, "late"), ["x", "^net/conv/bias_add/BiasAdd"]);
}

#[test]
fn norms_in_a_row_of_layers_are_all_folded() {
    let net = conv_bn()
        .conv("net/conv/second", "Conv2D", "net/conv/Relu6", [1, 1, 4, 4])
        .batch_norm("net/bn2", "net/conv/second", 4)
        .conv("net/third", "Conv2D", "net/bn2", [1, 1, 4, 4])
        .batch_norm("net/bn3", "net/third", 4);
    let (graph, report) = folded(net, &["net/bn3"]);
    assert_eq!(report.groups.len(), 3);
    assert_eq!(inputs(&graph, "net/third"), ["net/conv/bias_add_1/BiasAdd", "net/third/weights_folded"]);
    assert!(graph.nodes().all(|(_, node)| !node.op.starts_with("FusedBatchNorm")));
}

#[test]
fn what_cannot_be_folded_says_why() {
    let training = conv_bn().batch_norm("bn2", "net/conv/Relu6", 4).attr("is_training", AttrValue::B(true));
    let (_, report) = folded(training, &["bn2"]);
    assert_eq!(report.training().collect::<Vec<_>>(), ["bn2"]);

    let two_readers = conv_bn().float("other", "Relu", &["net/conv/Conv2D"]);
    assert!(matches!(reason(two_readers, &[]), FoldSkip::SeveralReaders { .. }));
    assert!(matches!(reason(conv_bn(), &["net/conv/Conv2D"]), FoldSkip::OutputRequested { .. }));
    let statistics = conv_bn().float("mean", "Identity", &["net/conv/bn:1"]);
    assert_eq!(reason(statistics, &[]), FoldSkip::StatisticsUsed);
    let relu = Net::with_input(&[-1, 8, 8, 4]).float("relu", "Relu", &["x"]).batch_norm("bn", "relu", 4);
    assert!(matches!(reason(relu, &[]), FoldSkip::NotAfterConvolution { .. }));
    let channels =
        Net::with_input(&[-1, 8, 8, 3]).conv("conv", "Conv2D", "x", [1, 1, 3, 2]).batch_norm("bn", "conv", 3);
    assert!(matches!(reason(channels, &[]), FoldSkip::Constant { what: "scale", .. }));
    let layout =
        Net::with_input(&[-1, 8, 8, 3]).conv("conv", "Conv2D", "x", [1, 1, 3, 2]).batch_norm("bn", "conv", 2);
    let layout = layout.attr("data_format", AttrValue::string("NCHW"));
    assert!(matches!(reason(layout, &[]), FoldSkip::DataFormat { .. }));
    let control =
        Net::with_input(&[-1, 8, 8, 3]).conv("conv", "Conv2D", "x", [1, 1, 3, 2]).batch_norm("bn", "conv", 2);
    assert_eq!(reason(control.after("x"), &[]), FoldSkip::ControlInput);
    let fed =
        Net::with_input(&[1, 1, 3, 2]).conv_with("conv", "Conv2D", "x", "x").batch_norm("bn", "conv", 2);
    assert_eq!(reason(fed, &[]), FoldSkip::NotConstant { what: "the weights" });
}

#[test]
fn infinite_results_are_left_alone() {
    let mut graph = edited(&conv_bn().build(), |nodes| {
        let (norm, _) = nodes.iter_mut().find(|(node, _)| node.name == "net/conv/bn").unwrap();
        norm.attrs.insert("epsilon".into(), AttrValue::F(f32::NAN));
    });
    let report = fold(&mut graph, &FoldOptions::default()).unwrap();
    assert_eq!(report.nodes.reason("net/conv/bn"), Some(&FoldSkip::NotFinite));
}

#[test]
fn the_user_can_switch_it_off_for_all_or_one() {
    let mut graph = conv_bn().build();
    let off = FoldOptions { enabled: false, ..FoldOptions::default() };
    assert_eq!(fold(&mut graph, &off).unwrap().nodes.reason("net/conv/bn"), Some(&FoldSkip::Disabled));
    let one = FoldOptions { skip_layers: ["net/conv/Conv2D".to_owned()].into(), ..FoldOptions::default() };
    assert_eq!(fold(&mut graph, &one).unwrap().nodes.reason("net/conv/bn"), Some(&FoldSkip::Listed));
    let unknown = FoldOptions { outputs: vec!["nothing".into()], ..FoldOptions::default() };
    assert!(matches!(fold(&mut graph, &unknown), Err(RewriteError::Graph(_))));
}

#[test]
fn nchw_keeps_its_layout() {
    let nchw = |net: Net| net.attr("data_format", AttrValue::string("NCHW"));
    let net = nchw(Net::with_input(&[-1, 3, 8, 8]).conv("conv", "Conv2D", "x", [1, 1, 3, 2]));
    let (graph, _) = folded(nchw(net.batch_norm("bn", "conv", 2)).float("relu", "Relu", &["bn"]), &["relu"]);
    assert_eq!(node(&graph, "bias_add/BiasAdd").attrs["data_format"], AttrValue::string("NCHW"));
}

#[test]
fn the_types_to_fold_into_are_the_layers_with_weights() {
    for op in LayerKind::foldable_ops() {
        assert!(layer::is_layer(&amct_graph::Node { op: op.to_owned(), ..Default::default() }), "{op}");
    }
    assert!(!LayerKind::foldable_ops().contains(&"AvgPool"));
}
