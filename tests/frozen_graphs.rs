//! Frozen graphs of many kinds, made by TensorFlow (`tests/golden/graphs/make.py`): run, quantized,
//! verified, and run again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amct::model::Model;
use amct::pipeline::{self, CalibrateOptions, PrepareOptions, Quantized};
use amct_graph::Graph;
use amct_interpreter::{Arithmetic, Feeds};
use amct_rewrite::{Severity, verify};
use amct_tensor::{DType, Tensor};

use crate::support::{max_difference, root};

/// Name, layers that are quantized, and the least SQNR in dB of each output of the quantized model.
/// Outputs of integers have none.
pub(crate) const GRAPHS: [(&str, usize, f64); 11] = [
    ("audio", 4, 30.0),
    ("dilated", 7, 30.0),
    ("efficientnet", 12, 30.0),
    ("gated", 3, 30.0),
    ("inception", 9, 30.0),
    ("leftover_library", 2, 30.0),
    ("mobilenet_v1", 9, 30.0),
    ("resnet", 10, 30.0),
    ("ssd", 7, 30.0),
    ("unet", 9, 30.0),
    ("unknown_rank", 2, 30.0),
];

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) graph: Graph,
    pub(crate) input: String,
    pub(crate) outputs: Vec<String>,
    pub(crate) fed: Tensor,
    pub(crate) expected: Vec<Tensor>,
}

fn file(name: &str) -> PathBuf {
    root().join("tests/golden/graphs").join(name)
}

fn read(path: &Path) -> Tensor {
    amct_dataset::read_npy(path).unwrap()
}

impl Case {
    pub(crate) fn load(name: &'static str) -> Self {
        let names = std::fs::read_to_string(file(&format!("{name}.names"))).unwrap();
        let mut lines = names.lines().map(str::to_owned);
        let input = lines.next().unwrap();
        let outputs: Vec<String> = lines.collect();
        let expected =
            (0..outputs.len()).map(|index| read(&file(&format!("{name}.output{index}.npy")))).collect();
        Self {
            name,
            graph: amct::graphdef::load(&file(&format!("{name}.pb"))).unwrap(),
            input,
            outputs,
            fed: read(&file(&format!("{name}.input.npy"))),
            expected,
        }
    }

    pub(crate) fn run(&self, graph: &Graph, arithmetic: Arithmetic) -> Vec<Tensor> {
        let model =
            Model::new(graph, &self.outputs, arithmetic).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        model.run([(&self.input, self.fed.clone())]).unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }

    pub(crate) fn quantize(&self) -> Quantized {
        let batches = [Feeds::from([(self.input.as_str(), self.fed.clone())])];
        let run = || -> Result<Quantized, amct::Error> {
            let prepared =
                pipeline::prepare(&self.graph, &self.outputs, &PrepareOptions::default(), Some(&batches))?;
            let config = pipeline::default_config(&prepared, 1, true)?;
            let record =
                pipeline::calibrate(&prepared, &config, &batches, &CalibrateOptions::default())?.record;
            pipeline::quantize(&prepared, &record, self.name)
        };
        run().unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

pub(crate) fn floats(tensor: &Tensor) -> Option<&[f32]> {
    (tensor.dtype() == DType::F32).then(|| tensor.as_slice().unwrap())
}

fn range(values: &[f32]) -> f32 {
    let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let min = values.iter().copied().fold(f32::INFINITY, f32::min);
    max - min
}

/// Signal to quantization noise in dB.
pub(crate) fn sqnr(reference: &[f32], values: &[f32]) -> f64 {
    let power = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>();
    let signal = power(&mut reference.iter().map(|&x| f64::from(x)));
    let noise = power(&mut reference.iter().zip(values).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    10.0 * (signal / noise).log10()
}

#[test]
fn every_graph_runs_as_in_tensorflow() {
    for (name, ..) in GRAPHS {
        let case = Case::load(name);
        for (output, expected) in case.run(&case.graph, Arithmetic::Integer).iter().zip(&case.expected) {
            assert_eq!((output.dtype(), output.shape()), (expected.dtype(), expected.shape()), "{name}");
            let Some(expected) = floats(expected) else {
                assert_eq!(output, expected, "{name}");
                continue;
            };
            let relative = max_difference(floats(output).unwrap(), expected) / range(expected);
            println!("{name}: {relative:e} of the range");
            assert!(relative < 1e-4, "{name}: {relative}");
        }
    }
}

#[test]
fn every_graph_is_quantized_verified_and_runs_in_integers() {
    let mut pools = BTreeMap::new();
    for (name, layers, least) in GRAPHS {
        let case = Case::load(name);
        let quantized = case.quantize();
        let count = quantized.graph.nodes().filter(|(_, node)| node.op == "AscendAntiQuant").count();
        pools.insert(name, count);
        assert_eq!(quantized.layers.len(), layers, "{name}: {:?}", quantized.layers);
        let violations: Vec<String> = verify(&quantized.graph, Some(&case.graph), &case.outputs)
            .into_iter()
            .filter(|violation| violation.severity == Severity::Must)
            .map(|violation| violation.to_string())
            .collect();
        assert!(violations.is_empty(), "{name}: {violations:#?}");
        let bytes = amct::graphdef::encode_sorted(&quantized.graph).unwrap();
        let graph = amct::graphdef::decode(bytes).unwrap();
        let integer = case.run(&graph, Arithmetic::Integer);
        assert_eq!(integer, case.run(&graph, Arithmetic::FloatSimulation), "{name}");
        for (output, expected) in integer.iter().zip(&case.expected) {
            let (Some(output), Some(expected)) = (floats(output), floats(expected)) else { continue };
            let sqnr = sqnr(expected, output);
            println!("{name}: {layers} layers, SQNR {sqnr:.1} dB");
            assert!(sqnr > least, "{name}: {sqnr} dB");
        }
    }
    // MaxPool beside quantized readers of a Relu.
    pools.retain(|_, count| *count > 0);
    assert_eq!(pools, BTreeMap::from([("inception", 1)]));
}
