//! Graphs of quantization-aware training, made by TensorFlow (`tests/golden/graphs/make_qat.py`): run
//! with their fake quantization, converted, verified, and run in integers.

use std::collections::BTreeSet;

use amct::model::Model;
use amct::pipeline::{self, Prepared, Quantized, prepare_qat};
use amct_artifacts::record::Record;
use amct_graph::Graph;
use amct_interpreter::Arithmetic;
use amct_rewrite::verify;
use amct_tensor::Tensor;

use crate::support::{max_difference, root};

/// Name, quantized layers, and the least SQNR in dB against the graph with fake quantization.
const GRAPHS: [(&str, usize, f64); 2] = [("qat_folded", 7, 40.0), ("qat_channels", 5, 45.0)];

struct Case {
    graph: Graph,
    input: String,
    outputs: Vec<String>,
    fed: Tensor,
    expected: Tensor,
}

struct Converted {
    prepared: Prepared,
    record: Record,
    quantized: Quantized,
}

impl Case {
    fn load(name: &str) -> Self {
        let file = |end: &str| root().join("tests/golden/graphs").join(format!("{name}.{end}"));
        let names = std::fs::read_to_string(file("names")).unwrap();
        let mut lines = names.lines().map(str::to_owned);
        Self {
            graph: amct::graphdef::load(&file("pb")).unwrap(),
            input: lines.next().unwrap(),
            outputs: lines.collect(),
            fed: amct_dataset::read_npy(file("input.npy")).unwrap(),
            expected: amct_dataset::read_npy(file("output0.npy")).unwrap(),
        }
    }

    fn run(&self, graph: &Graph, arithmetic: Arithmetic) -> Vec<f32> {
        let model = Model::new(graph, &self.outputs, arithmetic).unwrap();
        let output = model.run([(&self.input, self.fed.clone())]).unwrap().remove(0);
        assert_eq!(output.shape(), self.expected.shape());
        output.into_vec().unwrap()
    }

    fn convert(&self) -> Converted {
        let (prepared, record) = prepare_qat(&self.graph, &self.outputs).unwrap();
        let quantized = pipeline::quantize(&prepared, &record, "qat").unwrap();
        Converted { prepared, record, quantized }
    }

    fn expected(&self) -> &[f32] {
        self.expected.as_slice().unwrap()
    }
}

fn sqnr(reference: &[f32], values: &[f32]) -> f64 {
    let power = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>();
    let signal = power(&mut reference.iter().map(|&x| f64::from(x)));
    let noise = power(&mut reference.iter().zip(values).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    10.0 * (signal / noise).log10()
}

#[test]
fn fake_quantization_runs_as_in_tensorflow() {
    for (name, ..) in GRAPHS {
        let case = Case::load(name);
        let difference = max_difference(&case.run(&case.graph, Arithmetic::Integer), case.expected());
        assert!(difference < 1e-5, "{name}: {difference}");
    }
}

#[test]
fn every_graph_is_converted_verified_and_runs_in_integers() {
    for (name, layers, least) in GRAPHS {
        let case = Case::load(name);
        let Converted { prepared, record, quantized } = case.convert();
        assert_eq!(quantized.layers.len(), layers, "{name}: {:?}", quantized.layers);
        assert_eq!(record.entries.len(), layers, "{name}");
        let bytes = amct::graphdef::encode_sorted(&quantized.graph).unwrap();
        let graph = amct::graphdef::decode(bytes).unwrap();
        for original in [None, Some(&prepared.graph)] {
            assert_eq!(verify(&graph, original, &case.outputs), [], "{name}");
        }
        let integer = case.run(&graph, Arithmetic::Integer);
        assert_eq!(integer, case.run(&graph, Arithmetic::FloatSimulation), "{name}");
        let sqnr = sqnr(case.expected(), &integer);
        println!("{name}: SQNR {sqnr:.1} dB");
        assert!(sqnr > least, "{name}: {sqnr} dB");
    }
}

#[test]
fn every_node_of_the_result_has_its_origin() {
    for (name, ..) in GRAPHS {
        let Converted { quantized, .. } = Case::load(name).convert();
        let listed: BTreeSet<&str> = quantized.info.ops.iter().map(|op| op.name.as_str()).collect();
        let nodes: BTreeSet<&str> = quantized.graph.nodes().map(|(_, node)| node.name.as_str()).collect();
        assert_eq!(listed, nodes, "{name}");
    }
}

/// A constant of the graph.
fn constant(graph: &Graph, name: &str) -> Vec<f32> {
    graph.constant(graph.outlet(name).unwrap()).unwrap().unwrap().into_vec().unwrap()
}

#[test]
fn scales_are_the_trained_ones_times_the_batch_norm() {
    let case = Case::load("qat_channels");
    let Converted { record, .. } = case.convert();
    for layer in ["stem", "left", "right", "padded"] {
        let norm = case.graph.node(case.graph.find(&format!("{layer}/bn")).unwrap());
        let input = |index: usize| constant(&case.graph, &case.graph.outlet_name(norm.inputs[index]));
        let (gamma, variance) = (input(1), input(4));
        let (min, max) = (
            constant(&case.graph, &format!("{layer}/kernel_min")),
            constant(&case.graph, &format!("{layer}/kernel_max")),
        );
        let entry = record.get(&format!("{layer}/Conv2D")).unwrap();
        assert_eq!(entry.scale_w.len(), gamma.len());
        for (c, &found) in entry.scale_w.iter().enumerate() {
            let step = f64::from(max[c] - min[c]) / 254.0;
            let expected = step * f64::from(gamma[c]).abs() / (f64::from(variance[c]) + 1e-3).sqrt();
            assert!((f64::from(found) / expected - 1.0).abs() < 1e-6, "{layer} {c}: {found}, {expected}");
        }
    }
    // The output channels of a transposed filter are its axis 2.
    let up = record.get("up/conv2d_transpose").unwrap();
    let (min, max) = (constant(&case.graph, "up/kernel_min"), constant(&case.graph, "up/kernel_max"));
    let steps: Vec<f32> = min.iter().zip(&max).map(|(min, max)| (max - min) / 254.0).collect();
    assert_eq!(up.scale_w, steps);
}

/// The farthest that int8 weights are from the trained ones, in steps.
fn farthest(converted: &Converted, layer: &str) -> f32 {
    let scanned = converted.prepared.scan.layers.iter().find(|scanned| scanned.name == layer).unwrap();
    let weights = scanned.weights.as_ref().unwrap();
    let trained = converted.prepared.graph.decode_const(weights.constant).unwrap();
    let scale_w = &converted.record.get(layer).unwrap().scale_w;
    let integers = amct_calibration::weights::quantize(&converted.prepared.graph, scanned, scale_w).unwrap();
    let scale = |index: usize| scale_w[index / weights.run % weights.channels % scale_w.len()];
    let pairs = trained.as_slice::<f32>().unwrap().iter().zip(integers).enumerate();
    pairs.map(|(i, (&w, q))| (w / scale(i) - f32::from(q)).abs()).fold(0.0, f32::max)
}

#[test]
fn symmetric_ranges_keep_the_trained_weights() {
    let converted = Case::load("qat_channels").convert();
    for layer in &converted.quantized.layers {
        assert!(farthest(&converted, layer) < 1e-3, "{layer}");
    }
}

#[test]
fn channels_beyond_an_asymmetric_range_are_quantized_anew() {
    let case = Case::load("qat_folded");
    let converted = case.convert();
    for layer in ["conv/Conv2D_Fold", "expand/Conv2D_Fold", "dw/depthwise_Fold", "fc/MatMul"] {
        let scope = layer.split('/').next().unwrap();
        let bound = |end: &str| constant(&case.graph, &format!("{scope}/weights_quant_{end}"))[0];
        let step = (bound("max") - bound("min")) / 254.0;
        let scale_w = &converted.record.get(layer).unwrap().scale_w;
        let kept = scale_w.iter().filter(|scale| **scale == step).count();
        println!("{layer}: {kept} of {} channels keep the trained scale", scale_w.len());
        match layer {
            "fc/MatMul" => assert_eq!((kept, scale_w.len()), (1, 1)),
            _ => assert!(0 < kept && kept < scale_w.len(), "{layer}: {kept} of {}", scale_w.len()),
        }
        let distance = farthest(&converted, layer);
        assert!(distance < 0.501, "{layer}: {distance} steps");
    }
}
