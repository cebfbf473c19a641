//! Graphs of quantization-aware training, made by TensorFlow (`tests/golden/graphs/make_qat.py`): run
//! with their fake quantization, converted, verified, and run in integers.

use amct::artifacts::record::Record;
use amct::graph::Graph;
use amct::interpreter::Arithmetic;
use amct::model::Model;
use amct::pipeline::{self, Quantized, prepare_qat};
use amct::rewrite::{Severity, verify};
use amct::tensor::Tensor;

use crate::support::{max_difference, root};

/// Name, quantized layers, and the least SQNR in dB against the graph with fake quantization.
const GRAPHS: [(&str, usize, f64); 2] = [("qat_folded", 7, 30.0), ("qat_channels", 5, 30.0)];

struct Case {
    graph: Graph,
    input: String,
    outputs: Vec<String>,
    fed: Tensor,
    expected: Tensor,
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
            fed: amct::dataset::read_npy(&file("input.npy")).unwrap(),
            expected: amct::dataset::read_npy(&file("output0.npy")).unwrap(),
        }
    }

    fn run(&self, graph: &Graph, arithmetic: Arithmetic) -> Vec<f32> {
        let model = Model::new(graph, &self.outputs, arithmetic).unwrap();
        let output = model.run(&[(&self.input, self.fed.clone())]).unwrap().remove(0);
        assert_eq!(output.shape(), self.expected.shape());
        output.into_vec().unwrap()
    }

    fn convert(&self) -> (Quantized, Record) {
        let (prepared, record) = prepare_qat(&self.graph, &self.outputs).unwrap();
        (pipeline::quantize(&prepared, &record, "qat").unwrap(), record)
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
        println!("{name}: {difference}");
    }
}

#[test]
fn every_graph_is_converted_verified_and_runs_in_integers() {
    for (name, layers, least) in GRAPHS {
        let case = Case::load(name);
        let (quantized, record) = case.convert();
        assert_eq!(quantized.layers.len(), layers, "{name}: {:?}", quantized.layers);
        assert_eq!(record.entries.len(), layers, "{name}");
        let bytes = amct::graphdef::encode_sorted(&quantized.graph).unwrap();
        let graph = amct::graphdef::decode(bytes).unwrap();
        for original in [None, Some(&case.graph)] {
            let violations: Vec<String> =
                verify(&graph, original, &case.outputs).iter().map(ToString::to_string).collect();
            println!("{name}: {violations:#?}");
        }
        let integer = case.run(&graph, Arithmetic::Integer);
        assert_eq!(integer, case.run(&graph, Arithmetic::FloatSimulation), "{name}");
        let sqnr = sqnr(case.expected(), &integer);
        println!("{name}: SQNR {sqnr:.1} dB");
        assert!(sqnr > least, "{name}: {sqnr} dB");
    }
}
