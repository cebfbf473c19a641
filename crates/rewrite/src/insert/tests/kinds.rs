//! Kinds of layer with a wiring of their own; all of them pass the checks of ATC.

use super::*;
use crate::layers::LayerSkip;
use crate::verify;

/// Quantizes all layers and checks the result against the rules.
fn sound(net: Net, outputs: &[&str]) -> Graph {
    let original = net.build();
    let mut graph = original.clone();
    let layers = quantize_all(&graph, outputs);
    let options = InsertOptions { outputs: names(outputs), ..InsertOptions::default() };
    insert_quantization(&mut graph, &layers, &options).unwrap();
    assert_eq!(verify(&graph, Some(&original), &names(outputs)), []);
    graph
}

fn reason(net: Net, node: &str) -> LayerSkip {
    let scan = scan_layers(&net.build(), &[], &|_| None).unwrap();
    scan.nodes.reason(node).unwrap().clone()
}

#[test]
fn a_transposed_convolution_is_quantized_at_its_third_input() {
    let net = || Net::with_input(&[1, 8, 8, 4]).deconv("up/conv", "x", [2, 2, 3, 4]);
    let graph = sound(net().bias_add("up/BiasAdd", "up/conv", 3), &["up/BiasAdd"]);
    let expected = ["up/conv/sizes", "up/weight_quant/AscendWeightQuant", "up/act_quant/AscendQuant"];
    assert_eq!(inputs(&graph, "up/conv"), expected);
    assert_eq!(constant_of(&graph, "up/weight_quant/offset_w").shape(), [1, 1, 3, 1]);
    assert_eq!(constant_of(&graph, "up/dequant/deq_scale").shape(), [3]);
    let dilated = net().attr("dilations", AttrValue::ints([1, 2, 2, 1]));
    assert_eq!(reason(dilated, "up/conv"), LayerSkip::Dilated { found: vec![1, 2, 2, 1] });
}

#[test]
fn a_batch_of_matrix_products_has_one_scale() {
    let net = || Net::with_input(&[2, 5, 4]).batch_matmul("mm", "x", [4, 3]);
    let graph = sound(net().float("relu", "Relu", &["mm"]), &["relu"]);
    assert_eq!(constant_of(&graph, "dequant/deq_scale").shape(), [1]);
    assert_eq!(constant_of(&graph, "weight_quant/offset_w").shape(), [1]);
    assert_eq!(reason(net().attr("adj_x", AttrValue::B(true)), "mm"), LayerSkip::Transposed("adj_x"));
    let stack = Net::with_input(&[2, 5, 4]).variable("w", &[2, 4, 3]).float("mm", "BatchMatMul", &["x", "w"]);
    assert!(matches!(reason(stack, "mm"), LayerSkip::Weights { .. }));
    let fed = Net::with_input(&[2, 5, 4]).float("mm", "BatchMatMul", &["x", "x"]);
    assert_eq!(reason(fed, "mm"), LayerSkip::WeightsNotConstant);
}

#[test]
fn a_volume_convolution_has_one_scale() {
    let net = || Net::with_input(&[1, 4, 8, 8, 2]).conv3d("conv", "x", [2, 3, 3, 2, 5]);
    let dilations = |depth| AttrValue::ints([1, depth, 2, 2, 1]);
    let graph = sound(net().attr("dilations", dilations(1)).bias_add("bias", "conv", 5), &["bias"]);
    assert_eq!(constant_of(&graph, "dequant/deq_scale").shape(), [1]);
    assert_eq!(constant_of(&graph, "weight_quant/offset_w").shape(), [1, 1, 1, 1, 1]);
    assert_eq!(constant_of(&graph, "bias_quant/bias").shape(), [5]);
    let deep = net().attr("dilations", dilations(2));
    assert_eq!(reason(deep, "conv"), LayerSkip::Dilated { found: vec![1, 2, 2, 2, 1] });
}

#[test]
fn a_group_convolution_is_quantized_as_a_whole() {
    let net = Net::with_input(&[1, 8, 8, 4]).group_conv("g", "x", 4).float("relu", "Relu", &["g/concat"]);
    let graph = sound(net, &["relu"]);
    assert_eq!(inputs(&graph, "g/split"), ["g/axis", "g/act_quant/AscendQuant"]);
    assert_eq!(inputs(&graph, "g/a"), ["g/split", "g/weight_quant/AscendWeightQuant"]);
    assert_eq!(inputs(&graph, "g/b"), ["g/split:1", "g/weight_quant_1/AscendWeightQuant"]);
    assert_eq!(inputs(&graph, "g/concat"), ["g/a", "g/b_bias", "g/axis"]);
    assert_eq!(inputs(&graph, "g/dequant/AscendDequant"), ["g/concat", "g/dequant/deq_scale"]);
    assert_eq!(inputs(&graph, "relu"), ["g/dequant/AscendDequant"]);
    assert_eq!(constant_of(&graph, "g/dequant/deq_scale").shape(), [6]);
}

#[test]
fn parts_that_disagree_are_quantized_each_for_itself() {
    let net = Net::with_input(&[1, 8, 8, 4]).group_conv("g", "x", 4);
    let mut graph = net.build();
    let mut layers = quantize_all(&graph, &["g/concat"]);
    layers[1].activation.scale = 0.25;
    insert_quantization(&mut graph, &layers, &InsertOptions::default()).unwrap();
    assert_eq!(inputs(&graph, "g/split"), ["g/axis", "x"]);
    assert_eq!(inputs(&graph, "g/act_quant_1/AscendQuant"), ["g/split:1"]);
    assert_eq!(
        inputs(&graph, "g/concat"),
        ["g/dequant/AscendDequant", "g/dequant_1/AscendDequant", "g/axis"]
    );
    assert_eq!(verify(&graph, None, &names(&["g/concat"])), []);
}

#[test]
fn a_group_whose_middle_is_asked_for_is_no_group() {
    let graph = Net::with_input(&[1, 8, 8, 4]).group_conv("g", "x", 4).build();
    let groups = |outputs: &[&str]| {
        let scan = scan_layers(&graph, &names(outputs), &|_| None).unwrap();
        scan.layers.iter().filter(|layer| layer.group.is_some()).count()
    };
    assert_eq!(groups(&["g/concat"]), 2);
    assert_eq!(groups(&["g/a"]), 0);
    assert_eq!(groups(&["g/split:1"]), 0);
}

#[test]
fn a_requested_group_keeps_its_name() {
    let graph = sound(Net::with_input(&[1, 8, 8, 4]).group_conv("g", "x", 4), &["g/concat"]);
    assert_eq!(node(&graph, "g/concat").op, "Identity");
    assert_eq!(node(&graph, "g/concat_quantized").op, "ConcatV2");
}

#[test]
fn a_convolution_between_space_and_batch_is_quantized_right_before_it() {
    let net = Net::with_input(&[1, 8, 8, 4])
        .constant("block", &[2], vec![2_i32, 2])
        .constant("none", &[2, 2], vec![0_i32; 4])
        .float("to_batch", "SpaceToBatchND", &["x", "block", "none"])
        .conv("conv", "Conv2D", "to_batch", [3, 3, 4, 2])
        .float("to_space", "BatchToSpaceND", &["conv", "block", "none"]);
    let graph = sound(net, &["to_space"]);
    assert_eq!(inputs(&graph, "act_quant/AscendQuant"), ["to_batch"]);
    assert_eq!(inputs(&graph, "to_space"), ["dequant/AscendDequant", "block", "none"]);
}

#[test]
fn a_channels_first_layer_dequantizes_in_its_own_layout() {
    let net = Net::with_input(&[1, 4, 8, 8])
        .conv("conv", "Conv2D", "x", [3, 3, 4, 2])
        .attr("data_format", AttrValue::string("NCHW"))
        .float("relu", "Relu", &["conv"]);
    let graph = sound(net, &["relu"]);
    assert_eq!(node(&graph, "dequant/AscendDequant").attrs["data_format"], AttrValue::string("NCHW"));
}
