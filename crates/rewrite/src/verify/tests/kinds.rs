//! Rules on kinds of layer that the sample does not have.

use amct_graph::{Node, TensorLiteral};
use amct_tensor::Tensor;

use super::*;
use crate::scan_layers;
use crate::testing::{constant_of, inputs, node};
use crate::verify::Shapes;

fn found(violations: Vec<Violation>) -> Vec<(u8, String, String)> {
    violations.into_iter().map(|found| (found.rule, found.node, found.found)).collect()
}

/// Two transposed convolutions on one constant, one of them behind an identity.
fn two_deconvs() -> Net {
    Net::with_input(&[1, 8, 8, 32])
        .deconv("a/up", "x", [2, 2, 32, 32])
        .deconv("b/up", "a/up", [2, 2, 32, 32])
        .float("b/read", "Identity", &["a/up/sizes"])
}

#[test]
fn each_quantized_transposed_convolution_has_a_size_of_its_own() {
    let shared = edited(&two_deconvs().float("out", "Relu", &["b/up"]).build(), |nodes| {
        rewire(nodes, "b/up", 0, "b/read");
        set(nodes, "b/read", "T", type_attr(DType::I32));
    });
    let mut graph = shared.clone();
    let layers = quantize_all(&graph, &["out"]);
    insert_quantization(&mut graph, &layers, &InsertOptions::default()).unwrap();
    assert_eq!(verify(&graph, Some(&shared), &names(&["out"])), []);
    assert_eq!(inputs(&graph, "a/up")[0], "a/input_sizes/sizes");
    assert_eq!(inputs(&graph, "b/up")[0], "b/input_sizes/sizes");
    assert_eq!(constant_of(&graph, "b/input_sizes/sizes"), constant_of(&shared, "a/up/sizes"));
    // What was shared, and what nobody reads any more, is gone.
    assert!(graph.find("a/up/sizes").is_none() && graph.find("b/read").is_none());

    let broken = edited(&graph, |nodes| rewire(nodes, "b/up", 0, "a/input_sizes/sizes"));
    let expected = |layer: &str| {
        let found = "input_sizes from Const 'a/input_sizes/sizes', which others read too".to_owned();
        (31, layer.to_owned(), found)
    };
    assert_eq!(found(verify(&broken, None, &names(&["out"]))), [expected("a/up"), expected("b/up")]);
    assert!(verify(&broken, None, &[]).iter().all(|found| found.severity == Severity::Must));
}

#[test]
fn a_constant_that_one_layer_reads_stays_where_it_is() {
    let original = two_deconvs().float("out", "Relu", &["b/up"]).build();
    let original = edited(&original, |nodes| nodes.retain(|(node, _)| node.name != "b/read"));
    let mut graph = original.clone();
    let layers = quantize_all(&graph, &["out"]);
    insert_quantization(&mut graph, &layers, &InsertOptions::default()).unwrap();
    assert_eq!(
        [inputs(&graph, "a/up")[0].as_str(), &inputs(&graph, "b/up")[0]],
        ["a/up/sizes", "b/up/sizes"]
    );
}

#[test]
fn a_size_that_is_computed_is_noted_and_warned_of() {
    let net = Net::with_input(&[1, 8, 8, 32]).deconv("up", "x", [2, 2, 32, 32]).float("out", "Relu", &["up"]);
    let original = edited(&net.build(), |nodes| {
        nodes.push((Node { name: "shape".into(), op: "Shape".into(), ..Node::default() }, names(&["x"])));
        rewire(nodes, "up", 0, "shape");
    });
    let scan = scan_layers(&original, &names(&["out"]), &|_| None).unwrap();
    assert!(scan.warnings[0].problem.contains("comes from Shape 'shape'"), "{:?}", scan.warnings);
    let mut graph = original.clone();
    let layers = quantize_all(&graph, &["out"]);
    insert_quantization(&mut graph, &layers, &InsertOptions::default()).unwrap();
    assert_eq!(verify(&graph, Some(&original), &names(&["out"])), []);
    let notes = found(advise(&graph, Shapes::new()));
    assert_eq!(notes, [(32, "up".to_owned(), "input_sizes from Shape 'shape'".to_owned())]);
}

#[test]
fn the_bias_of_a_batch_of_products_is_an_add() {
    for outputs in [["relu"], ["bias"]] {
        let net = Net::with_input(&[2, 5, 4]).batch_matmul("mm", "x", [4, 3]).bias_add("bias", "mm", 3);
        let original = net.float("relu", "Relu", &["bias"]).build();
        let mut graph = original.clone();
        let layers = quantize_all(&graph, &outputs);
        let options = InsertOptions { outputs: names(&outputs), ..InsertOptions::default() };
        insert_quantization(&mut graph, &layers, &options).unwrap();
        assert_eq!(verify(&graph, Some(&original), &names(&outputs)), []);
        let end = if outputs == ["bias"] { "bias_quantized" } else { "bias" };
        let bias = node(&graph, end);
        assert_eq!((bias.op.as_str(), bias.attrs.len()), ("Add", 1), "T alone");
        assert_eq!(inputs(&graph, end), ["mm", "bias_quant/Cast"]);

        let as_v2 = edited(&graph, |nodes| entry(nodes, end).0.op = "AddV2".into());
        assert_eq!(verify(&as_v2, Some(&original), &names(&outputs)), []);
        let broken = edited(&graph, |nodes| entry(nodes, end).0.op = "BiasAdd".into());
        let expected = (18, end.to_owned(), "a BiasAdd behind BatchMatMulV2 'mm'".to_owned());
        assert!(found(verify(&broken, None, &names(&outputs))).contains(&expected));
    }
    // A sum with something else is no bias of a float product.
    let net = Net::with_input(&[2, 5, 4]).batch_matmul("mm", "x", [4, 3]).variable("c", &[3]);
    let graph = net.float("sum", "AddV2", &["mm", "c/read"]).build();
    assert_eq!(verify(&graph, Some(&graph), &names(&["sum"])), []);
}

#[test]
fn a_pad_that_is_not_merged_is_warned_of() {
    let net = Net::with_input(&[1, 8, 8, 32]).pad("pad", "x").conv("c", "Conv2D", "pad", [3, 3, 32, 4]);
    let graph = quantized(net.float("out", "Relu", &["c"]), &["out"]).quantized;
    assert_eq!(advise(&graph, Shapes::new()), []);
    let wide = edited(&graph, |nodes| {
        let paddings = Tensor::from_vec([4, 2], vec![0_i32, 0, 200, 56, 0, 0, 0, 0]).unwrap();
        set(nodes, "pad/paddings", "value", AttrValue::tensor(TensorLiteral::encode(&paddings)));
    });
    let notes = advise(&wide, Shapes::new());
    assert_eq!(notes[0].severity, Severity::Should);
    assert_eq!(found(notes), [(33, "pad".to_owned(), "256 zeros along one axis, more than 255".to_owned())]);
}
