//! Notes on layers that are in order but gain nothing, or do not run in int8.

use super::*;
use crate::verify::Shapes;

/// One quantized convolution with a filter of this shape.
fn noted(filter: [usize; 4], edit: impl FnOnce(&mut Nodes)) -> Vec<(u8, String)> {
    let net = Net::with_input(&[-1, 8, 8, filter[2] as i64]).conv("net/conv", "Conv2D", "x", filter);
    let net = net.float("net/Relu", "Relu", &["net/conv"]);
    let sample = quantized(net, &["net/Relu"]);
    assert_eq!(verify(&sample.quantized, Some(&sample.original), &names(&["net/Relu"])), []);
    let notes = advise(&edited(&sample.quantized, edit), Shapes::new());
    assert!(notes.iter().all(|note| note.severity == Severity::Note && note.node == "net/conv"));
    notes.into_iter().map(|note| (note.rule, note.found)).collect()
}

#[test]
fn few_input_channels_are_noted() {
    assert_eq!(noted([1, 1, 16, 4], |_| ()), [(28, "16 input channels".to_owned())]);
    assert_eq!(noted([3, 3, 17, 4], |_| ()), []);
}

#[test]
fn extents_beyond_atcs_limits_are_noted() {
    let strides = |stride: i64| {
        move |nodes: &mut Nodes| {
            set(nodes, "net/conv", "strides", AttrValue::ints([1, stride, 1, 1]));
        }
    };
    assert_eq!(noted([1, 1, 32, 4], strides(63)), []);
    let problem = "stride 64 is more than the 63 that ATC takes".to_owned();
    assert_eq!(noted([1, 1, 32, 4], strides(64)), [(29, problem)]);
    let pads = |pad: i64| {
        move |nodes: &mut Nodes| {
            set(nodes, "net/conv", "padding", AttrValue::string("EXPLICIT"));
            set(nodes, "net/conv", "explicit_paddings", AttrValue::ints([0, 0, 3, pad, 0, 0, 0, 0]));
        }
    };
    assert_eq!(noted([1, 1, 32, 4], pads(255)), []);
    assert_eq!(noted([1, 1, 32, 4], pads(256)), [(29, "padding 256".to_owned())]);
}

#[test]
fn depthwise_layers_are_noted_and_products_are_not() {
    // The sample's depthwise layer has 4 channels, its convolutions 3 and 8, its MatMul 8 rows.
    let notes = advise(&sample().quantized, Shapes::new());
    let noted: Vec<(u8, &str)> = notes.iter().map(|note| (note.rule, note.node.as_str())).collect();
    assert_eq!(noted, [(28, "net/c/conv"), (28, "net/d/dw"), (28, "net/e/a"), (28, "net/e/b")]);
}

#[test]
fn a_pool_to_width_1_is_noted_where_its_shape_is_known() {
    let graph = sample().quantized;
    let pool = graph.nodes().find(|(_, node)| node.op == "AvgPool").unwrap().1;
    let value = graph.node(pool.inputs[0].node).inputs[0];
    let noted = |shape: [usize; 4]| {
        let notes = advise(&graph, Shapes::from([(value, shape.to_vec())]));
        notes.into_iter().filter(|note| note.rule == 30).map(|note| note.found).collect::<Vec<_>>()
    };
    assert_eq!(noted([1, 9, 6, 8]), ["an average pooling to width 1"]);
    assert!(noted([1, 6, 9, 8]).is_empty());
}
