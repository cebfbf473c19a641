//! A graph that keeps every rule, and one change of it for each way to break one.

mod advice;
mod group;
mod kinds;
mod mutations;

use amct_graph::{AttrValue, Graph, GraphMeta, Node};
use amct_tensor::DType;

use super::{ADVICE, RULES, Severity, Violation, advise, verify};
use crate::constants::type_attr;
use crate::testing::{Net, edited, names, quantize_all};
use crate::{FoldOptions, InsertOptions, fold, insert_quantization};

/// Every kind of layer: folded, with bias, behind a pad, on one input, pooling, ending the graph.
fn float_net() -> Net {
    Net::with_input(&[-1, 8, 8, 3])
        .conv("net/c/conv", "Conv2D", "x", [3, 3, 3, 4])
        .batch_norm("net/c/bn", "net/c/conv", 4)
        .float("net/c/Relu6", "Relu6", &["net/c/bn"])
        .pad("net/d/Pad", "net/c/Relu6")
        .conv("net/d/dw", "DepthwiseConv2dNative", "net/d/Pad", [3, 3, 4, 2])
        .batch_norm("net/d/bn", "net/d/dw", 8)
        .float("net/d/Relu6", "Relu6", &["net/d/bn"])
        .conv("net/e/a", "Conv2D", "net/d/Relu6", [1, 1, 8, 8])
        .bias_add("net/e/BiasAdd", "net/e/a", 8)
        .conv("net/e/b", "Conv2D", "net/d/Relu6", [1, 1, 8, 8])
        .float("net/add", "AddV2", &["net/e/BiasAdd", "net/e/b"])
        .avg_pool("net/pool", "net/add", 6)
        .float("net/flat", "Squeeze", &["net/pool"])
        .matmul("net/fc/MatMul", "net/flat", [8, 10])
        .bias_add("net/fc/BiasAdd", "net/fc/MatMul", 10)
        .float("net/late", "Relu", &["net/add"])
        .after("net/fc/BiasAdd")
}

const OUTPUTS: [&str; 2] = ["net/fc/BiasAdd", "net/late"];

/// The float graph before and after folding, and quantized.
struct Sample {
    original: Graph,
    folded: Graph,
    quantized: Graph,
}

fn quantized(net: Net, outputs: &[&str]) -> Sample {
    let original = net.build();
    let mut folded = original.clone();
    let options = FoldOptions { outputs: names(outputs), ..FoldOptions::default() };
    fold(&mut folded, &options).unwrap();
    let mut quantized = folded.clone();
    let layers = quantize_all(&folded, outputs);
    let options = InsertOptions { outputs: names(outputs), write_dst_type: true, ..InsertOptions::default() };
    insert_quantization(&mut quantized, &layers, &options).unwrap();
    Sample { original, folded, quantized }
}

fn sample() -> Sample {
    quantized(float_net(), &OUTPUTS)
}

type Nodes = Vec<(Node, Vec<String>)>;

fn entry<'n>(nodes: &'n mut Nodes, name: &str) -> &'n mut (Node, Vec<String>) {
    nodes.iter_mut().find(|(node, _)| node.name == name).unwrap_or_else(|| panic!("no node '{name}'"))
}

fn set(nodes: &mut Nodes, name: &str, attr: &str, value: AttrValue) {
    entry(nodes, name).0.attrs.insert(attr.to_owned(), value);
}

fn rewire(nodes: &mut Nodes, name: &str, input: usize, to: &str) {
    to.clone_into(&mut entry(nodes, name).1[input]);
}

/// Puts a float node into an edge.
fn put_between(nodes: &mut Nodes, name: &str, input: usize, op: &str) {
    let source = entry(nodes, name).1[input].clone();
    let mut node = Node { name: "between".into(), op: op.into(), ..Node::default() };
    node.attrs.insert("T".into(), type_attr(DType::F32));
    nodes.push((node, vec![source]));
    rewire(nodes, name, input, "between");
}

/// The violations that an edit of the sample causes, seen beside the unfolded float graph.
fn broken(edit: impl FnOnce(&mut Nodes)) -> Vec<Violation> {
    let sample = sample();
    verify(&edited(&sample.quantized, edit), Some(&sample.original), &names(&OUTPUTS))
}

#[test]
fn what_this_crate_builds_keeps_every_rule() {
    let Sample { original, folded, quantized } = sample();
    let outputs = names(&OUTPUTS);
    assert_eq!(verify(&quantized, Some(&original), &outputs), []);
    assert_eq!(verify(&quantized, Some(&folded), &outputs), []);
    assert_eq!(verify(&quantized, None, &outputs), []);
    // The sample would prove nothing if it were not quantized through and through.
    assert_eq!(quantized.nodes().filter(|(_, node)| node.op == "AscendDequant").count(), 6);
    assert_eq!(quantized.nodes().filter(|(_, node)| node.op == "AscendQuant").count(), 5);
}

#[test]
fn a_float_graph_keeps_every_rule() {
    let graph = float_net().build();
    assert_eq!(verify(&graph, Some(&graph), &names(&OUTPUTS)), []);
}

#[test]
fn a_partly_quantized_graph_keeps_every_rule() {
    let folded = sample().folded;
    for left_out in 0..6 {
        let mut layers = quantize_all(&folded, &OUTPUTS);
        layers.remove(left_out);
        let mut graph = folded.clone();
        let options = InsertOptions { outputs: names(&OUTPUTS), ..InsertOptions::default() };
        insert_quantization(&mut graph, &layers, &options).unwrap();
        assert_eq!(verify(&graph, Some(&folded), &names(&OUTPUTS)), []);
    }
}

#[test]
fn requested_convolutions_without_bias_and_folded_ends_keep_every_rule() {
    let net = Net::with_input(&[-1, 4, 4, 3])
        .conv("first", "Conv2D", "x", [1, 1, 3, 3])
        .batch_norm("bn", "first", 3)
        .conv("second", "Conv2D", "bn", [1, 1, 3, 3]);
    let outputs = ["bn", "second"];
    let Sample { original, folded, quantized } = quantized(net, &outputs);
    assert_eq!(verify(&quantized, Some(&original), &names(&outputs)), []);
    assert_eq!(verify(&quantized, Some(&folded), &names(&outputs)), []);
}

#[test]
fn rules_have_a_number_each() {
    let mut numbers: Vec<u8> = RULES.iter().chain(&ADVICE).map(|rule| rule.number).collect();
    assert!(RULES.is_sorted_by_key(|rule| rule.number) && ADVICE.is_sorted_by_key(|rule| rule.number));
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=numbers.len() as u8).collect::<Vec<_>>());
    for rule in RULES.iter().chain(&ADVICE) {
        assert!(!rule.title.is_empty() && !rule.protects.is_empty());
    }
}

#[test]
fn called_functions_are_found_and_others_are_not() {
    let of_op = |op: &str| {
        let meta = GraphMeta { functions: vec!["f".into()], ..GraphMeta::default() };
        let node = Node { name: "call".into(), op: op.into(), ..Node::default() };
        verify(&Graph::from_named([(node, Vec::new())], meta).unwrap(), None, &[])
    };
    assert_eq!(of_op("Relu"), []);
    let violations = of_op("f");
    assert_eq!((violations.len(), violations[0].rule, violations[0].severity), (1, 1, Severity::Must));
    assert_eq!(
        violations[0].to_string(),
        "rule 1 (one graph without functions or cycles): call: found a call of the function 'f', expected \
         its nodes in the graph itself; ATC's parser takes one flat graph"
    );
}

#[test]
fn a_norm_behind_a_value_with_other_readers_belongs_to_the_layer_behind_it() {
    let net = Net::with_input(&[-1, 4, 4, 3])
        .conv("first", "Conv2D", "x", [1, 1, 3, 3])
        .batch_norm("bn", "first", 3)
        .conv("second", "Conv2D", "bn", [1, 1, 3, 3])
        .float("out", "Relu", &["second"])
        .float("other", "Relu", &["first"]);
    let outputs = ["out", "other"];
    let Sample { original, folded, quantized } = quantized(net, &outputs);
    assert!(folded.find("bn").is_none());
    assert_eq!(verify(&quantized, Some(&original), &names(&outputs)), []);
}

#[test]
fn the_data_of_a_layer_may_be_constant() {
    let net = Net::with_input(&[-1, 4]).variable("state", &[1, 4]).matmul("of_state", "state/read", [4, 2]);
    let net = net.matmul("of_data", "x", [4, 2]).float("out", "AddV2", &["of_state", "of_data"]);
    let Sample { original, quantized, .. } = quantized(net, &["out"]);
    assert_eq!(verify(&quantized, Some(&original), &names(&["out"])), []);
    let state = edited(&quantized, |nodes| {
        let literal = amct_graph::TensorLiteral::encode(&amct_tensor::Tensor::full([1, 4], 0.5_f32).unwrap());
        set(nodes, "state", "value", AttrValue::tensor(literal));
    });
    assert_eq!(verify(&state, Some(&original), &names(&["out"]))[0].rule, 7);
}
