//! The quantized shipped model: integer arithmetic against the float simulation at every node, and
//! both against a slow evaluator of its own.

use std::sync::OnceLock;

use amct_graph::{NodeId, Outlet};
use amct_interpreter::{Arithmetic, Plan, PlanOptions, Value};
use amct_tensor::{DType, Tensor};
use rayon::prelude::*;

use crate::reference_layer::ReferenceLayer;
use crate::sample::quantized;
use crate::support::npy;

/// A float holds every integer up to here.
const EXACT: i32 = 1 << 24;
const OUTPUT: &str = "MobilenetV2/Predictions/Reshape_1";

fn run(outlets: &[Outlet], arithmetic: Arithmetic) -> Vec<Value> {
    let options = PlanOptions { arithmetic, ..PlanOptions::default() };
    let plan = Plan::compile(quantized(), outlets, &options).unwrap();
    plan.run(&[("input", npy("classification_input.npy"))].into()).unwrap()
}

fn every_node() -> Vec<Outlet> {
    quantized().nodes().map(|(id, _)| Outlet::from(id)).collect()
}

/// The values of every node in integer arithmetic, in node order. As every node is an output,
/// nothing is computed in one step with what follows it.
fn integer_run() -> &'static [Value] {
    static VALUES: OnceLock<Vec<Value>> = OnceLock::new();
    VALUES.get_or_init(|| run(&every_node(), Arithmetic::Integer))
}

/// A value's numbers as floats; `None` for types that both arithmetics must keep as they are.
fn as_floats(value: &Value) -> Option<Vec<f32>> {
    let tensor = value.clone().simulated().unwrap();
    match tensor.dtype() {
        DType::F32 => Some(tensor.into_vec::<f32>().unwrap()),
        DType::I32 => Some(tensor.as_slice::<i32>().unwrap().iter().map(|&x| x as f32).collect()),
        DType::I8 => Some(tensor.as_slice::<i8>().unwrap().iter().map(|&x| f32::from(x)).collect()),
        _ => None,
    }
}

/// A node's value in integer arithmetic.
fn integer_value(node: NodeId) -> Value {
    integer_run()[quantized().nodes().position(|(id, _)| id == node).unwrap()].clone()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| (x + 0.0).to_bits()).collect()
}

fn largest_sum(value: &Value) -> i32 {
    match value {
        Value::Plain(tensor) if tensor.dtype() == DType::I32 => {
            tensor.as_slice::<i32>().unwrap().iter().map(|sum| sum.saturating_abs()).max().unwrap_or(0)
        }
        _ => 0,
    }
}

#[test]
fn integer_arithmetic_is_the_simulation_at_every_node() {
    let graph = quantized();
    let simulated = run(&every_node(), Arithmetic::FloatSimulation);
    let mut quantized_activations = 0;
    let mut integer_sums = 0;
    for (((_, node), integer), simulated) in graph.nodes().zip(integer_run()).zip(&simulated) {
        quantized_activations += usize::from(matches!(integer, Value::Quantized { .. }));
        if matches!(node.op.as_str(), "Conv2D" | "DepthwiseConv2dNative" | "BiasAdd") {
            let Value::Plain(tensor) = integer else { panic!("{}", node.name) };
            assert_eq!(tensor.dtype(), DType::I32, "{} is not computed in integers", node.name);
            integer_sums += 1;
            // So nothing in this model is beyond what the simulation holds exactly.
            assert!(largest_sum(integer) < EXACT, "{}", node.name);
        }
        assert_eq!(integer.shape(), simulated.shape(), "{}", node.name);
        match (as_floats(integer), as_floats(simulated)) {
            (Some(a), Some(b)) => assert!(bits(&a) == bits(&b), "{} '{}' differs", node.op, node.name),
            _ => assert!(integer == simulated, "{} '{}' differs", node.op, node.name),
        }
    }
    // One Pad in front of the first convolution hands on what AscendQuant gave it.
    let quants = graph.nodes().filter(|(_, node)| node.op == "AscendQuant").count();
    assert!(quantized_activations >= quants && quants > 30, "{quantized_activations} of {quants}");
    assert!(integer_sums >= 2 * 53, "{integer_sums}");
}

#[test]
fn steps_computed_together_give_the_same_bits() {
    let output = quantized().outlet(OUTPUT).unwrap();
    let alone = run(&[output], Arithmetic::Integer);
    assert!(alone == [integer_value(output.node)]);
}

/// Every pixel and channel of all 54 layers, each from its own float input.
#[test]
fn every_layer_is_the_reference_evaluators() {
    let graph = quantized();
    let dequants: Vec<NodeId> =
        graph.nodes().filter(|(_, node)| node.op == "AscendDequant").map(|(id, _)| id).collect();
    assert_eq!(dequants.len(), 54);
    dequants.into_par_iter().for_each(|dequant| {
        let layer = ReferenceLayer::behind(graph, dequant);
        let value = |id| -> Tensor { integer_value(id).plain().expect("floats around a layer") };
        let (shape, expected) = layer.evaluate(&value(layer.input));
        let found = value(dequant);
        let name = &graph.node(dequant).name;
        assert_eq!(found.shape(), shape, "{name}");
        let found = found.as_slice::<f32>().unwrap();
        let wrong = found.iter().zip(&expected).filter(|(a, b)| (*a + 0.0).to_bits() != (*b + 0.0).to_bits());
        assert_eq!(wrong.count(), 0, "{name}");
    });
}
