//! Relu6 -> Relu in the quantized shipped model: nothing but the op of these nodes changes, and no
//! number.

use amct::model::Model;
use amct_graph::{Graph, Patch};
use amct_interpreter::Arithmetic;
use amct_tensor::Tensor;

use crate::sample::quantized;
use crate::support::{npy, shipped_model};

fn run(graph: &Graph, arithmetic: Arithmetic) -> Vec<u32> {
    let model = Model::new(graph, &[], arithmetic).unwrap();
    let outputs = model.run([("input", npy("classification_input.npy"))]).unwrap();
    outputs[0].as_slice::<f32>().unwrap().iter().map(|x| x.to_bits()).collect()
}

#[test]
fn the_outputs_are_the_same_to_the_bit() {
    let original = shipped_model();
    let mut before = quantized().clone();
    let mut patch = Patch::new();
    let mut relus = 0;
    for (id, node) in quantized().nodes().filter(|(_, node)| node.op == "Relu") {
        let float = original.node(original.find(&node.name).unwrap());
        assert_eq!((float.op.as_str(), &float.attrs), ("Relu6", &node.attrs), "{}", node.name);
        patch.set_op(id, "Relu6");
        relus += 1;
    }
    // All but those whose calibrated range leaves room beyond 6.
    assert!((30..=35).contains(&relus), "{relus}");
    before.apply(&patch).unwrap();
    for arithmetic in [Arithmetic::Integer, Arithmetic::FloatSimulation] {
        assert_eq!(run(&before, arithmetic), run(quantized(), arithmetic));
    }
}

/// The other way round each of these nodes would matter: inputs far beyond 6 reach it.
#[test]
fn far_beyond_six_too() {
    let mut before = quantized().clone();
    let mut patch = Patch::new();
    for (id, _) in quantized().nodes().filter(|(_, node)| node.op == "Relu") {
        patch.set_op(id, "Relu6");
    }
    before.apply(&patch).unwrap();
    let bright = Tensor::full([1, 224, 224, 3], 40.0_f32).unwrap();
    let run = |graph: &Graph| {
        let model = Model::new(graph, &[], Arithmetic::Integer).unwrap();
        model.run([("input", bright.clone())]).unwrap()
    };
    assert_eq!(run(&before), run(quantized()));
}
