//! Tests of which constants go with what read them, and of who waited for them.

use super::*;
use crate::testing::{Net, inputs, names, quantize_all};
use crate::{FoldOptions, InsertOptions, fold, insert_quantization, verify};

use amct_graph::{AttrValue, ListAttr};

/// Folds and quantizes a net; the graph, which keeps every rule beside the float one.
fn quantized(net: Net, outputs: &[&str]) -> Graph {
    let original = net.build();
    let mut graph = original.clone();
    let outputs_of = names(outputs);
    let options = FoldOptions { outputs: outputs_of.clone(), ..FoldOptions::default() };
    fold(&mut graph, &options).unwrap();
    let layers = quantize_all(&graph, outputs);
    let options = InsertOptions { outputs: outputs_of.clone(), ..InsertOptions::default() };
    insert_quantization(&mut graph, &layers, &options).unwrap();
    assert_eq!(verify(&graph, Some(&original), &outputs_of), []);
    graph
}

fn net() -> Net {
    Net::with_input(&[-1, 4, 4, 3])
        .conv("a/conv", "Conv2D", "x", [1, 1, 3, 2])
        .batch_norm("a/bn", "a/conv", 2)
        .float("a/relu", "Relu", &["a/bn"])
}

fn is_there(graph: &Graph, name: &str) -> bool {
    graph.find(name).is_some()
}

#[test]
fn a_group_that_waits_for_all_weights_keeps_none_of_them() {
    let net = net()
        .node("NoOp", "NoOp", &[], [])
        .after("a/conv/weights/read")
        .after("a/bn/gamma/read")
        .after("a/bn/variance")
        .float("out", "Identity", &["a/relu"])
        .after("NoOp");
    let graph = quantized(net, &["out"]);
    for name in ["a/conv/weights", "a/conv/weights/read", "a/bn/gamma", "a/bn/gamma/read", "a/bn/variance"] {
        assert!(!is_there(&graph, name), "{name}");
    }
    assert_eq!(inputs(&graph, "NoOp"), Vec::<String>::new());
    assert_eq!(inputs(&graph, "out"), ["a/relu", "^NoOp"]);
}

#[test]
fn what_is_asked_for_stays_whoever_waits() {
    let group = || net().node("NoOp", "NoOp", &[], []).after("a/conv/weights/read");
    let graph = quantized(group(), &["a/relu", "a/conv/weights/read"]);
    assert_eq!(inputs(&graph, "NoOp"), ["^a/conv/weights/read"]);
    let graph = quantized(group(), &["a/relu", "NoOp"]);
    assert_eq!(inputs(&graph, "NoOp"), Vec::<String>::new());
    assert!(!is_there(&graph, "a/conv/weights"));
}

#[test]
fn a_reader_for_the_sake_of_a_control_edge_goes_with_its_constant() {
    let net = net()
        .float("again", "Identity", &["a/conv/weights"])
        .float("and_again", "Neg", &["again"])
        .node("NoOp", "NoOp", &[], [])
        .after("and_again");
    let graph = quantized(net, &["a/relu"]);
    for name in ["a/conv/weights", "again", "and_again"] {
        assert!(!is_there(&graph, name), "{name}");
    }
    assert_eq!(inputs(&graph, "NoOp"), Vec::<String>::new());
}

#[test]
fn a_leaf_and_a_float_reader_keep_their_constant() {
    let graph = quantized(net().float("leaf", "Identity", &["a/conv/weights"]), &["a/relu"]);
    assert_eq!(inputs(&graph, "leaf"), ["a/conv/weights"]);
    assert!(!is_there(&graph, "a/conv/weights/read"));

    let sum = net()
        .float("sum", "L2Loss", &["a/conv/weights/read"])
        .node("NoOp", "NoOp", &[], [])
        .after("a/conv/weights/read");
    let graph = quantized(sum, &["a/relu", "sum"]);
    assert_eq!(inputs(&graph, "NoOp"), ["^a/conv/weights/read"]);
}

#[test]
fn a_stateful_op_keeps_its_edges_and_its_constant() {
    let net = net()
        .float("check", "Assert", &["a/conv/weights/read"])
        .node("NoOp", "NoOp", &[], [])
        .after("check")
        .after("a/bn/variance");
    let graph = quantized(net, &["a/relu"]);
    assert_eq!(inputs(&graph, "check"), ["a/conv/weights/read"]);
    assert_eq!(inputs(&graph, "NoOp"), ["^check"]);
    assert!(is_there(&graph, "a/conv/weights"));
}

#[test]
fn who_waited_for_a_constant_waits_for_what_the_constant_had_waited_for() {
    let net = net()
        .float("pivot", "Identity", &["x"])
        .constant("a/mean_of", &[2], vec![0.5_f32, 1.5])
        .after("pivot")
        .float("a/mean_of/read", "Identity", &["a/mean_of"])
        .float("a/shift", "BiasAdd", &["a/relu", "a/mean_of/read"])
        .conv("b/conv", "Conv2D", "a/shift", [1, 1, 2, 2])
        .float("b/bias", "BiasAdd", &["b/conv", "a/mean_of/read"])
        .node("NoOp", "NoOp", &[], [])
        .after("a/mean_of/read")
        .after("b/conv/weights/read");
    // The constant is still read by a node that is no part of a layer.
    let graph = quantized(net.clone(), &["b/bias"]);
    assert_eq!(inputs(&graph, "NoOp"), ["^a/mean_of/read"]);

    let mut graph = net.build();
    let constant = graph.outlet("a/mean_of/read").unwrap();
    let zero = amct_graph::NewNode::new("zero", "Const", []);
    let mut patch = Patch::new();
    let zero = patch.add(zero);
    for name in ["a/shift", "b/bias"] {
        patch.set_input(graph.find(name).unwrap(), 1, zero);
    }
    graph.apply(&patch).unwrap();
    remove_dead_constants(&mut graph, [constant.node], &Outputs::default()).unwrap();
    assert!(!is_there(&graph, "a/mean_of"));
    assert_eq!(inputs(&graph, "NoOp"), ["^b/conv/weights/read", "^pivot"]);
}

#[test]
fn a_place_at_a_replaced_constant_is_taken_out() {
    let at = |names: &[&str]| {
        let s = names.iter().map(|name| format!("loc:@{name}").into()).collect();
        AttrValue::List(ListAttr { s, ..ListAttr::default() })
    };
    let net = net()
        .attr("_class", at(&["a/conv/weights"]))
        .float("out", "Identity", &["a/relu"])
        .attr("_class", at(&["a/conv/weights", "a/relu"]));
    let graph = quantized(net, &["out"]);
    assert!(!is_there(&graph, "a/conv/weights"));
    let class = |name: &str| graph.node(graph.find(name).unwrap()).attrs.get("_class").cloned();
    assert_eq!((class("a/relu"), class("out")), (None, Some(at(&["a/relu"]))));
}

#[test]
fn only_constant_expressions_order_nothing() {
    let graph = net()
        .float("of_constants", "Mul", &["a/bn/gamma/read", "a/bn/variance"])
        .float("of_data", "Mul", &["a/relu", "a/bn/variance"])
        .float("random", "RandomUniform", &["a/bn/variance"])
        .float("behind", "Identity", &["random"])
        .build();
    let nothing = |name: &str| orders_nothing(&graph, graph.find(name).unwrap());
    assert!(nothing("of_constants") && nothing("a/bn/variance"));
    assert!(!nothing("of_data") && !nothing("behind") && !nothing("x"));
}
