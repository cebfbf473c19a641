//! Tests of the factors that come out of fake quantization, on graphs of one layer.

use amct_graph::{AttrValue, Graph, GraphMeta, Node, ShapeAttr, TensorLiteral, type_code};
use amct_tensor::{DType, Tensor};

use super::prepare_qat;
use crate::Error;

type Named = (Node, Vec<String>);

fn node(name: &str, op: &str, inputs: &[&str], attrs: Vec<(&str, AttrValue)>) -> Named {
    let mut attrs: Vec<(&str, AttrValue)> = attrs;
    attrs.push(("T", AttrValue::Type(type_code(DType::F32))));
    let attrs = attrs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let node = Node { name: name.into(), op: op.into(), attrs, ..Node::default() };
    (node, inputs.iter().map(|&input| input.to_owned()).collect())
}

fn constant(name: &str, shape: &[usize], values: Vec<f32>) -> Named {
    let tensor = Tensor::from_vec(shape, values).unwrap();
    node(name, "Const", &[], vec![("value", AttrValue::tensor(TensorLiteral::encode(&tensor)))])
}

fn input(shape: &[i64]) -> Named {
    let attrs = vec![
        ("dtype", AttrValue::Type(type_code(DType::F32))),
        ("shape", AttrValue::Shape(ShapeAttr::of(shape.iter().copied()))),
    ];
    node("x", "Placeholder", &[], attrs)
}

/// `layer` on fake-quantized inputs and weights, whose ranges are one or one per channel.
fn graph(layer: Named, shape: &[i64], weights: (&[usize], &[f32]), ranges: (Vec<f32>, Vec<f32>)) -> Graph {
    let channels = ranges.0.len();
    let (op, dims): (&str, &[usize]) = match channels {
        1 => ("FakeQuantWithMinMaxVars", &[]),
        _ => ("FakeQuantWithMinMaxVarsPerChannel", &[channels]),
    };
    let nodes = [
        input(shape),
        node("x/quant", "FakeQuantWithMinMaxArgs", &["x"], vec![]),
        constant("w", weights.0, weights.1.to_vec()),
        constant("min", dims, ranges.0),
        constant("max", dims, ranges.1),
        node("w/quant", op, &["w", "min", "max"], vec![("narrow_range", AttrValue::B(true))]),
        layer,
    ];
    Graph::from_named(nodes, GraphMeta::default()).unwrap()
}

fn conv() -> Named {
    let attrs = vec![
        ("strides", AttrValue::ints([1, 1, 1, 1])),
        ("padding", AttrValue::string("VALID")),
        ("data_format", AttrValue::string("NHWC")),
    ];
    node("layer", "Conv2D", &["x/quant", "w/quant"], attrs)
}

fn matmul() -> Named {
    node("layer", "MatMul", &["x/quant", "w/quant"], vec![])
}

fn scales(graph: &Graph) -> Vec<f32> {
    let (_, record) = prepare_qat(graph, &["layer".to_owned()]).unwrap();
    record.validate().unwrap();
    record.get("layer").unwrap().scale_w.clone()
}

const WEIGHTS: [f32; 4] = [0.5, -0.25, 1.0, 0.125];

#[test]
fn a_symmetric_range_is_kept() {
    let one = graph(conv(), &[-1, 2, 2, 2], (&[1, 1, 2, 2], &WEIGHTS), (vec![-1.0], vec![1.0]));
    assert_eq!(scales(&one), [2.0 / 254.0]);
    let each = (vec![-1.0, -0.5], vec![1.0, 0.5]);
    let each = graph(conv(), &[-1, 2, 2, 2], (&[1, 1, 2, 2], &WEIGHTS), each);
    assert_eq!(scales(&each), [2.0 / 254.0, 1.0 / 254.0]);
}

#[test]
fn only_channels_that_leave_int8_are_quantized_anew() {
    // Steps of 1.25 / 254: channel 0 reaches 203 of them, channel 1 stays below 52.
    let ranges = (vec![-0.25], vec![1.0]);
    let graph = graph(conv(), &[-1, 2, 2, 2], (&[1, 1, 2, 2], &WEIGHTS), ranges);
    let found = scales(&graph);
    assert_eq!(found[1], 1.25 / 254.0);
    assert!((found[0] * 127.0 - 1.0).abs() < 1.25 / 254.0, "{found:?}");
}

#[test]
fn where_one_scale_is_needed_there_is_one() {
    // ATC makes a fully connected layer of a 1x1 kernel on a 1x1 map.
    let each = || (vec![-1.0, -0.25], vec![1.0, 0.25]);
    let connected = graph(conv(), &[-1, 1, 1, 2], (&[1, 1, 2, 2], &WEIGHTS), each());
    let matrix = graph(matmul(), &[-1, 2], (&[2, 2], &WEIGHTS), each());
    let asymmetric = graph(matmul(), &[-1, 2], (&[2, 2], &WEIGHTS), (vec![-0.25], vec![1.0]));
    for graph in [connected, matrix, asymmetric] {
        let found = scales(&graph);
        assert!(found.len() == 1 && (found[0] * 127.0 - 1.0).abs() < 0.01, "{found:?}");
    }
}

#[test]
fn a_channel_of_zeros_has_the_scale_one() {
    let ranges = (vec![-1.0, 0.0], vec![1.0, 0.0]);
    let graph = graph(conv(), &[-1, 2, 2, 2], (&[1, 1, 2, 2], &WEIGHTS), ranges);
    assert_eq!(scales(&graph), [2.0 / 254.0, 1.0]);
}

#[test]
fn a_graph_that_cannot_be_run_is_converted_all_the_same() {
    // Without the size of a sample nothing can be run; the layer then counts as a convolution.
    let graph =
        graph(conv(), &[-1, -1, -1, 2], (&[1, 1, 2, 2], &WEIGHTS), (vec![-1.0, -0.5], vec![1.0, 0.5]));
    assert_eq!(scales(&graph).len(), 2);
}

#[test]
fn a_graph_without_fake_quantization_is_refused() {
    let graph = Graph::from_named([input(&[1, 2])], GraphMeta::default()).unwrap();
    assert!(matches!(prepare_qat(&graph, &["x".to_owned()]), Err(Error::Qat(_))));
}
