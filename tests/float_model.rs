//! The float interpreter against TensorFlow's own outputs for the shipped model.

use amct_graph::{Graph, Outlet};
use amct_interpreter::{Plan, PlanOptions, Value};
use amct_tensor::Tensor;

use crate::support::{arg_max, max_difference, npy, shipped_model};

const INPUT: &str = "input";
const LOGITS: &str = "MobilenetV2/Logits/Squeeze";
const OUTPUT: &str = "MobilenetV2/Predictions/Reshape_1";

fn run(graph: &Graph, input: Tensor, outputs: &[&str]) -> Vec<Tensor> {
    let outlets: Vec<Outlet> = outputs.iter().map(|name| graph.outlet(name).unwrap()).collect();
    let plan = Plan::compile(graph, &outlets, &PlanOptions::default()).unwrap();
    let values = plan.run(&[(INPUT, Value::Plain(input))].into()).unwrap();
    values.into_iter().map(|value| value.plain().unwrap()).collect()
}

#[test]
fn classification_probabilities_are_tensorflows() {
    let graph = shipped_model();
    let output = run(&graph, npy("classification_input.npy"), &[OUTPUT]).remove(0);
    let expected = npy("classification_output.npy");
    let (output, expected) = (output.as_slice::<f32>().unwrap(), expected.as_slice::<f32>().unwrap());
    assert!(max_difference(output, expected) < 1e-5);
    assert_eq!(arg_max(output), 235);
}

#[test]
fn logits_of_a_random_input_are_tensorflows() {
    let graph = shipped_model();
    let output = run(&graph, npy("random_input.npy"), &[LOGITS]).remove(0);
    let expected = npy("random_logits.npy");
    let difference = max_difference(output.as_slice().unwrap(), expected.as_slice().unwrap());
    println!("largest logit difference: {difference:e}");
    assert!(difference < 5e-5, "{difference}");
}

/// Every layer tensor stored whole, within 1e-4 of its range.
#[test]
fn every_stored_layer_is_tensorflows() {
    let graph = shipped_model();
    let names: Vec<String> = std::fs::read_dir(crate::support::golden(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("classification_layer."))
        .collect();
    assert_eq!(names.len(), 10);
    for file in names {
        let node =
            file.trim_start_matches("classification_layer.").trim_end_matches(".npy").replace('.', "/");
        let output = run(&graph, npy("classification_input.npy"), &[&node]).remove(0);
        let expected = npy(&file);
        assert_eq!(output.shape(), expected.shape(), "{node}");
        let (output, expected) = (output.as_slice::<f32>().unwrap(), expected.as_slice::<f32>().unwrap());
        let relative = max_difference(output, expected) / range(expected);
        assert!(relative < 1e-4, "{node}: {relative}");
    }
}

fn range(values: &[f32]) -> f32 {
    let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let min = values.iter().copied().fold(f32::INFINITY, f32::min);
    max - min
}

/// The statistics of all 173 float tensors of one run.
#[test]
fn the_statistics_of_every_layer_are_tensorflows() {
    let text = std::fs::read_to_string(crate::support::golden("classification_layers.json")).unwrap();
    let layers: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let graph = shipped_model();
    let names: Vec<&str> = layers.iter().map(|layer| layer["node"].as_str().unwrap()).collect();
    let outputs = run(&graph, npy("classification_input.npy"), &names);
    for (layer, output) in layers.iter().zip(outputs) {
        let values = output.as_slice::<f32>().unwrap();
        let number = |key: &str| layer[key].as_f64().unwrap() as f32;
        let scale = (number("max") - number("min")).max(f32::MIN_POSITIVE);
        let close = |found: f32, expected: f32| (found - expected).abs() / scale < 1e-4;
        let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let min = values.iter().copied().fold(f32::INFINITY, f32::min);
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / values.len() as f64;
        let name = &layer["node"];
        assert!(close(max, number("max")), "{name}: max {max}");
        assert!(close(min, number("min")), "{name}: min {min}");
        assert!(close(mean as f32, number("mean")), "{name}: mean {mean}");
        for (index, first) in layer["first"].as_array().unwrap().iter().enumerate() {
            assert!(close(values[index], first.as_f64().unwrap() as f32), "{name}[{index}]");
        }
    }
}
