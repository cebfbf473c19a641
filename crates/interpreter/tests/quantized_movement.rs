//! Operators that move data between an `AscendQuant` and its layers: group and dilated convolution.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use amct_graph::{AttrValue, Graph, Node, TensorLiteral};
use amct_interpreter::{Arithmetic, Plan, PlanOptions};
use amct_tensor::Tensor;
use amct_tensor::quantization::DeqScale;

type Entry = (Node, Vec<String>);

fn node(name: &str, op: &str, inputs: &[&str], attrs: &[(&str, AttrValue)]) -> Entry {
    let attrs = attrs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let node = Node { name: name.into(), op: op.into(), attrs, ..Node::default() };
    (node, inputs.iter().map(|input| (*input).to_owned()).collect())
}

fn constant(name: &str, value: Tensor) -> Entry {
    node(name, "Const", &[], &[("value", AttrValue::tensor(TensorLiteral::encode(&value)))])
}

fn quant(offset: f32) -> Entry {
    node("q", "AscendQuant", &["x"], &[("scale", AttrValue::F(10.0)), ("offset", AttrValue::F(offset))])
}

fn conv(name: &str, inputs: &[&str]) -> Entry {
    let attrs = [("strides", AttrValue::ints([1, 1, 1, 1])), ("padding", AttrValue::string("VALID"))];
    node(name, "Conv2D", inputs, &attrs)
}

fn weights(prefix: &str, shape: [usize; 4]) -> [Entry; 3] {
    let len: usize = shape.iter().product();
    let values: Vec<i8> = (0..len).map(|i| (i as i8).wrapping_mul(37)).collect();
    let (raw, offset, name) = (format!("{prefix}_raw"), format!("{prefix}_offset"), prefix.to_owned());
    [
        constant(&raw, Tensor::from_vec(shape, values).unwrap()),
        constant(&offset, Tensor::scalar(0_i8)),
        node(&name, "AscendWeightQuant", &[&raw, &offset], &[]),
    ]
}

fn dequant(input: &str) -> [Entry; 2] {
    let word = DeqScale::new(0.1, 0.01).to_bits();
    let attrs = [("ksize", AttrValue::ints([1, 1]))];
    [constant("word", Tensor::vector(vec![word])), node("y", "AscendDequant", &[input, "word"], &attrs)]
}

fn run(nodes: &[Entry], input: &Tensor, arithmetic: Arithmetic) -> Tensor {
    amct_kernels::Isa::from_environment().unwrap().choose().unwrap();
    let graph = Graph::from_named(nodes.to_vec(), Default::default()).unwrap();
    let options = PlanOptions { arithmetic, ..PlanOptions::default() };
    let plan = Plan::compile(&graph, &[graph.outlet("y").unwrap()], &options).unwrap();
    plan.run(&[("x", input.clone())].into()).unwrap().remove(0).plain().unwrap()
}

/// The integers must give exactly what TensorFlow's float simulation of them gives.
fn both_agree(nodes: &[Entry], input: &Tensor, shape: [usize; 4]) {
    let integer = run(nodes, input, Arithmetic::Integer);
    assert_eq!(integer.shape(), shape);
    assert_eq!(integer, run(nodes, input, Arithmetic::FloatSimulation));
}

fn image(shape: [usize; 4]) -> Tensor {
    let len: usize = shape.iter().product();
    Tensor::from_vec(shape, (0..len).map(|i| (i * 7 % 23) as f32 - 9.0).collect()).unwrap()
}

#[test]
fn a_group_convolution_has_one_quant_and_one_dequant() {
    let mut nodes = vec![
        node("x", "Placeholder", &[], &[]),
        quant(-20.0),
        constant("axis", Tensor::scalar(3_i32)),
        node("parts", "Split", &["axis", "q"], &[("num_split", AttrValue::I(2))]),
        conv("left", &["parts", "w0"]),
        conv("right", &["parts:1", "w1"]),
        node("joined", "ConcatV2", &["left", "right", "axis"], &[("N", AttrValue::I(2))]),
    ];
    nodes.extend(weights("w0", [2, 2, 2, 3]));
    nodes.extend(weights("w1", [2, 2, 2, 1]));
    nodes.extend(dequant("joined"));
    both_agree(&nodes, &image([1, 3, 4, 4]), [1, 2, 3, 4]);
}

#[test]
fn a_dilated_convolution_lies_between_space_and_batch() {
    let mut nodes = vec![
        node("x", "Placeholder", &[], &[]),
        quant(30.0),
        constant("block", Tensor::vector(vec![2_i32, 2])),
        constant("pads", Tensor::from_vec([2, 2], vec![2_i32, 3, 2, 2]).unwrap()),
        constant("crops", Tensor::from_vec([2, 2], vec![0_i32, 1, 0, 0]).unwrap()),
        node("batches", "SpaceToBatchND", &["q", "block", "pads"], &[]),
        conv("sums", &["batches", "w"]),
        node("space", "BatchToSpaceND", &["sums", "block", "crops"], &[]),
    ];
    nodes.extend(weights("w", [3, 3, 2, 2]));
    nodes.extend(dequant("space"));
    both_agree(&nodes, &image([1, 5, 6, 2]), [1, 5, 6, 2]);
}
