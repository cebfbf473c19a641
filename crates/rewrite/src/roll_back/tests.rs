//! Tests of giving quantized layers back to float: the weights they compute with, and what is shared.

use super::*;
use crate::testing::{Net, constant_of, edited, inputs, names, node, quantize_all};
use amct_graph::quantized_layers;
use amct_tensor::quantization::DeqScale;

use crate::{InsertOptions, insert_quantization};

fn quantized(net: Net, outputs: &[&str]) -> Graph {
    let mut graph = net.build();
    let layers = quantize_all(&graph, outputs);
    let options = InsertOptions { outputs: names(outputs), ..InsertOptions::default() };
    insert_quantization(&mut graph, &layers, &options).unwrap();
    graph
}

/// Rolls back the layers of these names.
fn back(graph: &mut Graph, layers: &[&str]) {
    let found = quantized_layers(graph);
    let of = |name: &&str| found.iter().find(|layer| layer.name == **name).unwrap().dequant;
    roll_back(graph, &layers.iter().map(of).collect(), &[]).unwrap();
}

fn floats(graph: &Graph, name: &str) -> Vec<f32> {
    constant_of(graph, name).into_vec().unwrap()
}

/// Sets a constant of the graph.
fn set<T: amct_tensor::Element>(graph: &Graph, name: &str, values: Vec<T>) -> Graph {
    edited(graph, |nodes| {
        let (node, _) = nodes.iter_mut().find(|(node, _)| node.name == name).unwrap();
        let shape = graph.decode_const(graph.find(name).unwrap()).unwrap().shape().to_vec();
        let literal = amct_graph::TensorLiteral::encode(&Tensor::from_vec(shape, values).unwrap());
        node.attrs.insert("value".into(), amct_graph::AttrValue::tensor(literal));
    })
}

/// `AscendQuant` has the scale 1 / 0.05 = 20. With D = 0.5 and 0.25, scale_w is 10 and 5.
/// Weights [1, 2, -3, 4] of [1, 1, 2, 2], channels last: 10, 10, -30, 20. Bias 7, -8: 3.5, -2.
#[test]
fn a_layer_computes_with_the_weights_that_were_quantized() {
    let net = Net::with_input(&[1, 4, 4, 2])
        .conv("a/Conv2D", "Conv2D", "x", [1, 1, 2, 2])
        .bias_add("a/BiasAdd", "a/Conv2D", 2)
        .float("a/Relu", "Relu", &["a/BiasAdd"]);
    let mut graph = quantized(net, &["a/Relu"]);
    let words = [0.5_f32, 0.25].map(|scale| DeqScale::new(scale, 1.0).to_bits()).to_vec();
    graph = set(&graph, "a/weight_quant/weight", vec![1_i8, 2, -3, 4]);
    graph = set(&graph, "a/bias_quant/bias", vec![7_i32, -8]);
    graph = set(&graph, "a/dequant/deq_scale", words);
    back(&mut graph, &["a/Conv2D"]);
    assert_eq!(inputs(&graph, "a/Conv2D"), ["x", "a/Conv2D/weights"]);
    assert_eq!(floats(&graph, "a/Conv2D/weights"), [10.0, 10.0, -30.0, 20.0]);
    assert_eq!(constant_of(&graph, "a/Conv2D/weights").shape(), [1, 1, 2, 2]);
    assert_eq!(inputs(&graph, "a/BiasAdd"), ["a/Conv2D", "a/Conv2D/bias"]);
    assert_eq!(floats(&graph, "a/Conv2D/bias"), [3.5, -2.0]);
    assert_eq!(inputs(&graph, "a/Relu"), ["a/dequant/AscendDequant"]);
    assert_eq!(node(&graph, "a/dequant/AscendDequant").op, "Identity");
    assert_eq!(inputs(&graph, "a/dequant/AscendDequant"), ["a/BiasAdd"]);
    assert!(quantized_layers(&graph).is_empty());
    // What quantized it is gone, so that it is no output of the graph.
    let leaves: Vec<&str> = graph.leaves().into_iter().map(|id| graph.node(id).name.as_str()).collect();
    assert_eq!(leaves, ["a/Relu"]);
    assert!(graph.nodes().all(|(_, node)| !node.op.starts_with("Ascend") && node.op != "Cast"));
}

/// D / 0.05: [0.5, 0.25, 1, 2] * 20 = 10, 5, 20, 40 per channel and multiplier, [1, 1, 2, 2] in that
/// order.
#[test]
fn a_depthwise_layer_has_a_scale_per_channel_and_multiplier() {
    let net = Net::with_input(&[1, 4, 4, 2]).conv("a/d", "DepthwiseConv2dNative", "x", [1, 1, 2, 2]);
    let mut graph = quantized(net, &["a/d"]);
    let words = [0.5_f32, 0.25, 1.0, 2.0].map(|scale| DeqScale::new(scale, 1.0).to_bits()).to_vec();
    graph = set(&graph, "a/weight_quant/weight", vec![1_i8, 2, -3, 4]);
    graph = set(&graph, "a/dequant/deq_scale", words);
    let layer = quantized_layers(&graph).remove(0).name;
    back(&mut graph, &[&layer]);
    assert_eq!(floats(&graph, &format!("{layer}/weights")), [10.0, 10.0, -60.0, 160.0]);
}

/// Both layers of a graph read one quant through a `Pad`, as ATC takes it though ours has none so.
#[test]
fn what_other_layers_share_stays_for_them() {
    let net = Net::with_input(&[1, 4, 4, 2])
        .pad("pad", "x")
        .conv("a/Conv2D", "Conv2D", "pad", [3, 3, 2, 2])
        .conv("b/Conv2D", "Conv2D", "pad", [3, 3, 2, 2])
        .float("y", "AddV2", &["a/Conv2D", "b/Conv2D"]);
    let behind = quantized(net, &["y"]);
    let quant = behind.node(quantized_layers(&behind)[0].quant).name.clone();
    assert_eq!(inputs(&behind, &quant), ["pad"]);
    let both = edited(&behind, |nodes| {
        for (node, inputs) in nodes {
            match node.name.as_str() {
                "pad" => inputs[0] = quant.clone(),
                "a/Conv2D" | "b/Conv2D" => inputs[0] = "pad".into(),
                name if name == quant => inputs[0] = "x".into(),
                _ => {}
            }
        }
    });
    assert_eq!(quantized_layers(&both).len(), 2);

    let mut one = both.clone();
    back(&mut one, &["a/Conv2D"]);
    assert_eq!(inputs(&one, "a/Conv2D")[0], "pad_float");
    assert_eq!(inputs(&one, "pad_float"), ["x", "pad/paddings"]);
    assert_eq!(inputs(&one, "pad"), inputs(&both, "pad"));
    assert_eq!(inputs(&one, "b/Conv2D"), inputs(&both, "b/Conv2D"));
    assert_eq!(quantized_layers(&one).len(), 1);

    let mut none = both.clone();
    back(&mut none, &["a/Conv2D", "b/Conv2D"]);
    assert_eq!(inputs(&none, "a/Conv2D")[0], "pad");
    assert_eq!(inputs(&none, "b/Conv2D")[0], "pad");
    assert_eq!(inputs(&none, "pad")[0], "x");
    assert!(quantized_layers(&none).is_empty());
}

#[test]
fn an_integer_that_was_asked_for_stays() {
    let net = Net::with_input(&[1, 4, 4, 2]).conv("a/Conv2D", "Conv2D", "x", [1, 1, 2, 2]);
    let mut graph = quantized(net.float("y", "Relu", &["a/Conv2D"]), &["y"]);
    let asked = graph.outlet("a/act_quant/AscendQuant").unwrap();
    let dequant = quantized_layers(&graph)[0].dequant;
    roll_back(&mut graph, &[dequant].into(), &[asked]).unwrap();
    assert_eq!(inputs(&graph, "a/act_quant/AscendQuant"), ["x"]);
    assert!(graph.find("a/weight_quant/AscendWeightQuant").is_none());
}

#[test]
fn layers_behind_each_other() {
    let net = Net::with_input(&[1, 4, 4, 2])
        .conv("a/Conv2D", "Conv2D", "x", [1, 1, 2, 2])
        .conv("b/Conv2D", "Conv2D", "a/Conv2D", [1, 1, 2, 2])
        .float("y", "Relu", &["b/Conv2D"]);
    let mut graph = quantized(net, &["y"]);
    back(&mut graph, &["a/Conv2D", "b/Conv2D"]);
    assert_eq!(inputs(&graph, "b/Conv2D")[0], "a/dequant/AscendDequant");
    assert_eq!(inputs(&graph, "a/dequant/AscendDequant"), ["a/Conv2D"]);
    assert_eq!(inputs(&graph, "y"), ["b/dequant/AscendDequant"]);
}

#[test]
fn the_parts_of_a_group_have_their_own_scales() {
    let net = Net::with_input(&[1, 4, 4, 4]).group_conv("g", "x", 4).float("y", "Relu", &["g/concat"]);
    let mut graph = quantized(net, &["y"]);
    let layers = quantized_layers(&graph);
    assert_eq!(layers.len(), 2);
    assert_eq!(layers[0].dequant, layers[1].dequant);
    let words = constant_of(&graph, &inputs(&graph, &graph.node(layers[0].dequant).name.clone())[1]);
    let words: Vec<f32> =
        words.into_vec::<u64>().unwrap().iter().map(|&word| DeqScale::from_bits(word).scale).collect();
    let weights = constant_of(&graph, &inputs(&graph, &inputs(&graph, "g/b")[1])[0]);
    let expected: Vec<f32> = weights
        .into_vec::<i8>()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(i, &w)| f32::from(w) * (words[3 + i % 3] * 20.0))
        .collect();
    back(&mut graph, &["g/a"]);
    assert_eq!(floats(&graph, "g/b/weights"), expected);
    assert_eq!(inputs(&graph, "g/b")[0], "g/split:1");
    assert_eq!(inputs(&graph, "g/split")[1], "x");
    assert!(quantized_layers(&graph).is_empty());
}

#[test]
fn an_average_pool_has_no_weights() {
    let mut graph = quantized(Net::with_input(&[1, 4, 4, 2]).avg_pool("p/pool", "x", 2), &["p/pool"]);
    let layer = quantized_layers(&graph).remove(0).name;
    back(&mut graph, &[&layer]);
    assert_eq!(inputs(&graph, &layer), ["x"]);
}

#[test]
fn another_node_is_refused() {
    let mut graph = quantized(Net::with_input(&[1, 4, 4, 2]).avg_pool("p/pool", "x", 2), &["p/pool"]);
    let before = graph.clone();
    let x = graph.find("x").unwrap();
    let error = roll_back(&mut graph, &[x].into(), &[]).unwrap_err().to_string();
    assert!(error.contains("'x'") && error.contains("not the AscendDequant"), "{error}");
    assert_eq!(graph.len(), before.len());
}
