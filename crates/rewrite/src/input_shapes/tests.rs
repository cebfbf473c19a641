//! Tests of what an input's shape tells, from the file, the data or the first layer.

use super::*;
use crate::testing::{Net, names, quantize_all};
use crate::{InsertOptions, Severity, insert_quantization, verify};

/// What the file says of the placeholder `x`.
fn told(shape: Option<ShapeAttr>) -> Net {
    let net = Net::with_input(&[]);
    let unknown = ShapeAttr { unknown_rank: true, ..ShapeAttr::default() };
    net.attr("shape", AttrValue::Shape(shape.unwrap_or(unknown)))
}

fn conv(net: Net) -> Net {
    net.conv("conv", "Conv2D", "x", [1, 1, 3, 2])
}

/// Quantizes the net, whose data have the shape `data`, and tells what it tells: the shape that `x` has
/// then, as far as it is known, and whether all rules are kept.
fn of(net: Net, output: &str, data: Option<&[usize]>) -> (Option<Vec<Option<usize>>>, bool) {
    let original = net.build();
    let mut graph = original.clone();
    let options = InsertOptions { outputs: names(&[output]), ..InsertOptions::default() };
    insert_quantization(&mut graph, &quantize_all(&original, &[output]), &options).unwrap();
    let x = graph.find("x").unwrap();
    let shapes = data.map(|data| (x.into(), data.to_vec())).into_iter().collect();
    tell_input_shapes(&mut graph, &shapes).unwrap();
    let violations = verify(&graph, Some(&original), &names(&[output]));
    assert!(violations.iter().all(|violation| violation.rule == 17), "{violations:?}");
    let keeps_rules = violations.iter().all(|violation| violation.severity != Severity::Must);
    (known(graph.node(x)).and_then(|shape| shape.sizes()), keeps_rules)
}

#[test]
fn rank_and_channels_come_from_the_data() {
    let free = (Some(vec![None, None, None, Some(3)]), true);
    assert_eq!(of(conv(told(None)), "conv", Some(&[2, 5, 4, 3])), free);
    // TensorFlow 1 wrote an empty shape for an unknown one.
    assert_eq!(of(conv(told(Some(ShapeAttr::default()))), "conv", Some(&[2, 5, 4, 3])), free);
    let sized = Some(ShapeAttr::of([-1, 5, -1, -1]));
    assert_eq!(
        of(conv(told(sized)), "conv", Some(&[2, 5, 4, 3])),
        (Some(vec![None, Some(5), None, Some(3)]), true)
    );
    // Twice the channels that the weights read: a convolution in two groups.
    assert_eq!(of(conv(told(None)), "conv", Some(&[2, 5, 4, 6])).0, Some(vec![None, None, None, Some(6)]));
    let second = conv(told(None)).attr("data_format", AttrValue::string("NCHW"));
    assert_eq!(of(second, "conv", Some(&[2, 3, 5, 4])), (Some(vec![None, Some(3), None, None]), true));
}

#[test]
fn without_data_the_layer_tells_them() {
    assert_eq!(of(conv(told(None)), "conv", None), (Some(vec![None, None, None, Some(3)]), true));
    let matmul = told(None).matmul("fc", "x", [4, 2]);
    assert_eq!(of(matmul, "fc", None), (Some(vec![None, Some(4)]), true));
    let volume = told(None).conv3d("conv", "x", [1, 1, 1, 2, 2]);
    assert_eq!(of(volume, "conv", None), (Some(vec![None, None, None, None, Some(2)]), true));
    let deconv = told(None).deconv("up", "x", [2, 2, 3, 5]);
    assert_eq!(of(deconv, "up", None), (Some(vec![None, None, None, Some(5)]), true));
    let group = told(None).group_conv("group", "x", 4);
    assert_eq!(of(group, "group/concat", None), (Some(vec![None, None, None, Some(4)]), true));
    let behind = told(None).float("read", "Identity", &["x"]).conv("conv", "Conv2D", "read", [1, 1, 3, 2]);
    assert_eq!(of(behind, "conv", None), (Some(vec![None, None, None, Some(3)]), true));
}

#[test]
fn what_nobody_tells_stays_open_and_breaks_the_rule() {
    assert_eq!(of(told(None).avg_pool("pool", "x", 2), "pool", None), (None, false));
    assert_eq!(of(told(None).batch_matmul("product", "x", [4, 2]), "product", None), (None, false));
    // Data of another rank than the file says.
    let flat = Some(ShapeAttr::of([-1, -1]));
    assert!(!of(conv(told(flat)), "conv", Some(&[2, 5, 4, 3])).1);
}

#[test]
fn what_the_file_says_is_left_alone() {
    let sizes = |dims: &[i64]| ShapeAttr::of(dims.iter().copied()).sizes();
    for dims in [[2, 5, 4, 3], [-1, -1, -1, 3]] {
        let net = conv(told(Some(ShapeAttr::of(dims))));
        assert_eq!(of(net, "conv", Some(&[1, 9, 9, 3])), (sizes(&dims), true));
    }
    // A placeholder that no quantized layer reads.
    let behind = told(None).float("relu", "Relu", &["x"]).conv("conv", "Conv2D", "relu", [1, 1, 3, 2]);
    assert_eq!(of(behind, "conv", Some(&[1, 9, 9, 3])), (None, true));
}

#[test]
fn only_channels_may_be_added() {
    let node = |shape: ShapeAttr| {
        let mut node = Node { name: "x".into(), op: "Placeholder".into(), ..Node::default() };
        node.attrs.insert("shape".into(), AttrValue::Shape(shape));
        node
    };
    let adds = |now: &[i64], before: Option<&[i64]>| {
        let before = before.map(|dims| ShapeAttr::of(dims.iter().copied()));
        let unknown = ShapeAttr { unknown_rank: true, ..ShapeAttr::default() };
        adds_channels(&node(ShapeAttr::of(now.iter().copied())), &node(before.unwrap_or(unknown)))
    };
    assert!(adds(&[-1, 3], None) && adds(&[-1, 3], Some(&[])) && adds(&[1, 3], Some(&[1, -1])));
    assert!(
        !adds(&[-1, 3], Some(&[-1, 4])) && !adds(&[-1, 3], Some(&[3])) && !adds(&[-1, -1], Some(&[-1, 3]))
    );
    // The batch, or more than one size.
    assert!(!adds(&[1, 3], Some(&[-1, 3])) && !adds(&[-1, 5, 3], None) && !adds(&[-1, -1], None));
}
