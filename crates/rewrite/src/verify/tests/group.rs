//! Layers this crate never makes but has to judge: group and transposed convolutions.

use super::*;

const SCALE: f32 = 0.5;

/// `AscendQuant` with valid attributes.
fn quant(net: Net, name: &str, input: &str) -> Net {
    net.float(name, "AscendQuant", &[input])
        .attr("quant_bits", AttrValue::I(8))
        .attr("scale", AttrValue::F(1.0 / SCALE))
        .attr("offset", AttrValue::F(0.0))
}

/// int8 weights under the name `S/weight_quant/AscendWeightQuant`.
fn weights(net: Net, scope: &str, shape: [usize; 4]) -> Net {
    let part = |name: &str| format!("{scope}/weight_quant/{name}");
    let (weight, offset) = (part("weight"), part("offset_w"));
    net.constant(&weight, &shape, vec![1_i8; shape.iter().product()])
        .constant(&offset, &[1, 1, 1, 1], vec![0_i8])
        .float(&part("AscendWeightQuant"), "AscendWeightQuant", &[&weight, &offset])
}

fn dequant(net: Net, scope: &str, input: &str) -> Net {
    let words = format!("{scope}/dequant/deq_scale");
    net.constant(&words, &[1], vec![u64::from(SCALE.to_bits())])
        .float(&format!("{scope}/dequant/AscendDequant"), "AscendDequant", &[input, &words])
        .attr("ksize", AttrValue::ints([1, 1]))
        .attr("data_format", AttrValue::string("NHWC"))
}

fn group() -> Net {
    let net = Net::with_input(&[-1, 8, 8, 4]).constant("axis", &[], vec![3_i32]);
    let net = quant(net, "g/act_quant/AscendQuant", "x")
        .float("g/split", "Split", &["axis", "g/act_quant/AscendQuant"])
        .attr("num_split", AttrValue::I(2));
    let net = weights(net, "g", [1, 1, 2, 2]);
    let shared = "g/weight_quant/AscendWeightQuant";
    let net =
        net.conv_with("g/a", "Conv2D", "g/split", shared).conv_with("g/b", "Conv2D", "g/split:1", shared);
    let net = net.float("g/concat", "ConcatV2", &["g/a", "g/b", "axis"]);
    dequant(net, "g", "g/concat").float("relu", "Relu", &["g/dequant/AscendDequant"])
}

fn transposed(dilations: [i64; 4]) -> Net {
    let net = Net::with_input(&[-1, 8, 8, 4]).constant("sizes", &[4], vec![1_i32, 8, 8, 2]);
    let net = weights(quant(net, "t/act_quant/AscendQuant", "x"), "t", [1, 1, 2, 4]);
    let inputs = ["sizes", "t/weight_quant/AscendWeightQuant", "t/act_quant/AscendQuant"];
    let net = net
        .float("t/conv", "Conv2DBackpropInput", &inputs)
        .attr("strides", AttrValue::ints([1, 1, 1, 1]))
        .attr("padding", AttrValue::string("VALID"))
        .attr("data_format", AttrValue::string("NHWC"))
        .attr("dilations", AttrValue::ints(dilations));
    dequant(net, "t", "t/conv")
}

fn rules(graph: &Graph) -> Vec<u8> {
    verify(graph, None, &[]).into_iter().map(|violation| violation.rule).collect()
}

#[test]
fn a_whole_group_is_accepted() {
    assert_eq!(verify(&group().build(), None, &[]), []);
}

#[test]
fn a_group_that_does_not_meet_is_refused() {
    let apart = edited(&group().build(), |nodes| {
        rewire(nodes, "g/concat", 1, "x");
        nodes.push((Node { name: "leak".into(), op: "Relu".into(), ..Node::default() }, names(&["g/b"])));
    });
    assert!(rules(&apart).contains(&22));
    let other_op = edited(&group().build(), |nodes| entry(nodes, "g/b").0.op = "MatMul".into());
    assert!(rules(&other_op).contains(&22));
    let leak = edited(&group().build(), |nodes| {
        nodes.push((Node { name: "leak".into(), op: "Relu".into(), ..Node::default() }, names(&["g/split"])));
    });
    assert_eq!(rules(&leak), [22]);
}

#[test]
fn a_transposed_convolution_has_its_inputs_elsewhere() {
    assert_eq!(verify(&transposed([1, 1, 1, 1]).build(), None, &[]), []);
    assert_eq!(rules(&transposed([1, 2, 2, 1]).build()), [23]);
    let swapped = edited(&transposed([1, 1, 1, 1]).build(), |nodes| {
        rewire(nodes, "t/conv", 1, "t/act_quant/AscendQuant");
        rewire(nodes, "t/conv", 2, "t/weight_quant/AscendWeightQuant");
    });
    let found = rules(&swapped);
    assert!(found.contains(&8) && found.contains(&9));
}
