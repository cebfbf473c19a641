//! The shipped model through the codec.

use std::path::Path;

use amct_graph::{Graph, Node};

use crate::support::{root, shipped_model};

fn assert_equal(found: &Graph, expected: &Graph) {
    assert_eq!(found.meta(), expected.meta());
    assert_eq!(found.len(), expected.len());
    for ((id, found), (other, expected)) in found.nodes().zip(expected.nodes()) {
        assert_eq!(id, other);
        assert!(found == expected, "node '{}' has changed", expected.name);
    }
}

#[test]
fn the_shipped_model_survives_two_rounds() {
    let first = shipped_model();
    assert!(first.nodes().count() > 500);
    let bytes = amct::graphdef::encode(&first).unwrap();
    let second = amct::graphdef::decode(bytes.clone()).unwrap();
    assert_equal(&second, &first);
    assert!(amct::graphdef::encode(&second).unwrap() == bytes, "a second round changes no byte");
}

#[test]
fn nothing_of_the_shipped_file_is_lost() {
    let path: &Path = &root().join("model/mobilenetv2_tf.pb");
    let bytes = amct::graphdef::encode(&shipped_model()).unwrap();
    assert_eq!(bytes.len() as u64, std::fs::metadata(path).unwrap().len());
}

#[test]
fn sorting_changes_the_order_only() {
    let graph = crate::sample::quantized();
    let sorted = amct::graphdef::decode(amct::graphdef::encode_sorted(graph).unwrap()).unwrap();
    assert_eq!(sorted.len(), graph.len());
    for (_, expected) in graph.nodes() {
        let found: &Node = sorted.node(sorted.find(&expected.name).unwrap());
        assert_eq!((&found.op, &found.device), (&expected.op, &expected.device));
        assert!(found.attrs == expected.attrs, "attributes of '{}'", expected.name);
        let names = |graph: &Graph, node: &Node| -> Vec<String> {
            node.inputs.iter().map(|&input| graph.outlet_name(input)).collect()
        };
        assert_eq!(names(&sorted, found), names(graph, expected));
    }
}
