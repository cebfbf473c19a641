//! Batch norm in front of a layer.

use amct_tensor::Tensor;

use super::chains::{fold_graph, is_sound};
use super::*;

/// x -> norm -> layer, with a Relu behind it.
fn norm_then(op: &str, weights: [usize; 4]) -> Net {
    Net::with_input(&[-1, 8, 8, 3])
        .float("first", "Relu", &["x"])
        .batch_norm("net/bn", "first", 3)
        .conv("net/conv", op, "net/bn", weights)
        .float("out", "Relu", &["net/conv"])
}

fn floats(graph: &Graph, name: &str) -> Vec<f32> {
    let tensor: Tensor = constant_of(graph, name);
    tensor.as_slice::<f32>().unwrap().to_vec()
}

#[test]
fn a_convolution_without_padding_takes_over_the_norm_before_it() {
    let original = norm_then("Conv2D", [2, 2, 3, 4]).build();
    let (graph, report) = fold_graph(original.clone(), "out");
    assert_eq!(inputs(&graph, "net/conv"), ["first", "net/conv/weights_folded"]);
    assert_eq!(inputs(&graph, "out"), ["net/bias_add/BiasAdd"]);
    let group = &report.groups[0];
    assert_eq!(group.original, ["net/bn", "net/conv"]);
    assert_eq!((group.last(), group.end()), (Some("net/conv"), "net/bias_add/BiasAdd"));
    is_sound(&original, &graph, &report, "out");
}

/// One window of ones through norm and layer, against the folded layer.
#[test]
fn the_numbers_are_those_of_norm_and_layer() {
    for (op, weights, run, outputs) in
        [("Conv2D", [2, 2, 3, 4], 4, 4), ("DepthwiseConv2dNative", [2, 2, 3, 2], 2, 6)]
    {
        let original = norm_then(op, weights).build();
        let (graph, _) = fold_graph(original.clone(), "out");
        let part = |part: &str| floats(&original, &format!("net/bn/{part}"));
        let (gamma, beta, mean, variance) = (part("gamma"), part("beta"), part("mean"), part("variance"));
        let normed = |c: usize| {
            let deviation = (f64::from(variance[c]) + f64::from(1e-3_f32)).sqrt();
            (1.0 - f64::from(mean[c])) / deviation * f64::from(gamma[c]) + f64::from(beta[c])
        };
        let mut expected = vec![0.0_f64; outputs];
        for (i, w) in floats(&original, "net/conv/weights").into_iter().enumerate() {
            expected[i % outputs] += f64::from(w) * normed(i / run % 3);
        }
        let mut found: Vec<f64> = floats(&graph, "net/bias_add/bias").into_iter().map(f64::from).collect();
        for (i, w) in floats(&graph, "net/conv/weights_folded").into_iter().enumerate() {
            found[i % outputs] += f64::from(w);
        }
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-5 * expected.abs().max(1.0), "{op}: {found} {expected}");
        }
    }
}

#[test]
fn an_existing_bias_takes_its_share() {
    let net = Net::with_input(&[-1, 8, 8, 3])
        .batch_norm("bn", "x", 3)
        .conv("conv", "Conv2D", "bn", [1, 1, 3, 2])
        .attr("padding", AttrValue::string("SAME"))
        .bias_add("BiasAdd", "conv", 2)
        .float("out", "Relu", &["BiasAdd"]);
    let original = net.build();
    let (graph, report) = fold_graph(original.clone(), "out");
    assert_eq!(report.groups[0].original, ["bn", "conv", "BiasAdd"]);
    assert_eq!(inputs(&graph, "BiasAdd"), ["conv", "BiasAdd/biases_folded"]);
    is_sound(&original, &graph, &report, "out");
}

#[test]
fn norms_on_both_sides_of_a_layer_are_folded() {
    let net = norm_then("Conv2D", [1, 1, 3, 4]).batch_norm("behind", "net/conv", 4).float(
        "end",
        "Relu6",
        &["behind"],
    );
    // The Relu of the builder is not needed, and would be a second reader.
    let original = edited(&net.build(), |nodes| nodes.retain(|(node, _)| node.name != "out"));
    let (graph, report) = fold_graph(original.clone(), "end");
    assert_eq!(report.groups.len(), 1);
    assert_eq!(report.groups[0].original, ["net/bn", "net/conv", "behind"]);
    assert_eq!(inputs(&graph, "net/conv")[0], "first");
    is_sound(&original, &graph, &report, "end");
}

#[test]
fn what_is_not_exact_or_not_alone_stays() {
    let padded = norm_then("Conv2D", [3, 3, 3, 4]).build();
    let padded = edited(&padded, |nodes| {
        let (conv, _) = nodes.iter_mut().find(|(node, _)| node.name == "net/conv").unwrap();
        conv.attrs.insert("padding".into(), AttrValue::string("SAME"));
    });
    let (graph, report) = fold_graph(padded.clone(), "out");
    assert_eq!(graph.len(), padded.len());
    assert!(matches!(report.nodes.reason("net/bn"), Some(FoldSkip::Padded { .. })));

    let shared = norm_then("Conv2D", [1, 1, 3, 4]).float("other", "Neg", &["net/bn"]);
    assert!(matches!(reason(shared, &["out", "other"]), FoldSkip::NotAfterConvolution { .. }));
    let requested = norm_then("Conv2D", [1, 1, 3, 4]);
    assert!(matches!(reason(requested, &["out", "net/bn"]), FoldSkip::OutputRequested { .. }));
    let layer_requested = norm_then("Conv2D", [1, 1, 3, 4]);
    assert!(matches!(reason(layer_requested, &["out", "net/conv"]), FoldSkip::OutputRequested { .. }));
    let activation_between = Net::with_input(&[-1, 8, 8, 3])
        .batch_norm("bn", "x", 3)
        .float("relu", "Relu", &["bn"])
        .conv("conv", "Conv2D", "relu", [1, 1, 3, 4]);
    assert!(matches!(reason(activation_between, &["conv"]), FoldSkip::NotAfterConvolution { .. }));
}
