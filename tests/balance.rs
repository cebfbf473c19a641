//! The DMQ balancer from configuration to the quantized graph.

use amct::model::Model;
use amct::pipeline::{self, CalibrateOptions, PrepareOptions, Prepared};
use amct_artifacts::config::QuantConfig;
use amct_artifacts::record::{Record, RecordEntry};
use amct_calibration::Batches;
use amct_calibration::dmq::balance_factors;
use amct_graph::{Graph, LayerKind};
use amct_interpreter::{Arithmetic, Feeds};
use amct_rewrite::{Severity, verify};

use crate::frozen_graphs::{Case, GRAPHS, floats, sqnr};

/// Runs `work` on a prepared graph with every layer to be balanced.
fn with<T>(case: &Case, strength: f64, work: impl Fn(&Prepared, &QuantConfig, &dyn Batches) -> T) -> T {
    let batches = [Feeds::from([(case.input.as_str(), case.fed.clone())])];
    let prepared =
        pipeline::prepare(&case.graph, &case.outputs, &PrepareOptions::default(), Some(&batches)).unwrap();
    let mut config = pipeline::default_config(&prepared, 1, true).unwrap();
    pipeline::set_dmq_balancer(&mut config, &prepared, strength).unwrap();
    let config = QuantConfig::from_json(&config.to_json()).unwrap();
    work(&prepared, &config, &batches)
}

fn has_weights(prepared: &Prepared, key: &str) -> bool {
    prepared.scan.layers.iter().any(|layer| layer.name == key && layer.weights.is_some())
}

fn products(graph: &Graph) -> usize {
    graph.nodes().filter(|(_, node)| node.op == "Mul" && node.name.contains("dmq_balance")).count()
}

#[test]
fn every_graph_is_balanced_verified_and_runs_in_integers() {
    for (name, layers, least) in GRAPHS {
        let case = Case::load(name);
        let (record, quantized) = with(&case, 0.5, |prepared, config, batches| {
            let record =
                pipeline::calibrate(prepared, config, batches, &CalibrateOptions::default()).unwrap().record;
            for entry in &record.entries {
                let expected = has_weights(prepared, &entry.key);
                assert_eq!(!entry.tensor_balance_factor.is_empty(), expected, "{name}: {}", entry.key);
            }
            let quantized = pipeline::quantize(prepared, &record, name).unwrap();
            (record, quantized)
        });
        assert_eq!(quantized.layers.len(), layers, "{name}");
        let balanced = record.entries.iter().filter(|entry| !entry.tensor_balance_factor.is_empty()).count();
        assert!(
            balanced > 0 && products(&quantized.graph) > 0 && products(&quantized.graph) <= balanced,
            "{name}"
        );
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
            println!("{name}: {balanced} of {layers} layers balanced, SQNR {sqnr:.1} dB");
            assert!(sqnr > least, "{name}: {sqnr} dB");
        }
        // What is written can be read and applied again.
        let read = Record::parse(&record.to_text()).unwrap();
        assert_eq!(read, record, "{name}");
        // Each node of the graph is listed with the layer it stands for.
        let product = quantized.info.ops.iter().find(|op| op.name.ends_with("dmq_balance/Mul")).unwrap();
        assert!(product.original_op_names.as_ref().is_some_and(|names| !names[0].contains("dmq_balance")));
    }
}

#[test]
fn factors_are_those_of_the_values_and_weights() {
    let case = Case::load("mobilenet_v1");
    with(&case, 0.3, |prepared, config, batches| {
        let factors = pipeline::quantize_preprocess(prepared, config, batches, &|_| ()).unwrap();
        for layer in prepared.scan.layers.iter().filter(|layer| layer.kind != LayerKind::AvgPool) {
            let entry = factors.get(&layer.name).unwrap();
            assert!(entry.is_without_factors());
            let input = [prepared.graph.outlet_name(layer.input)];
            let model = Model::new(&prepared.graph, &input, Arithmetic::Integer).unwrap();
            let values = model.run([(&case.input, case.fed.clone())]).unwrap().remove(0);
            let channels = *values.shape().last().unwrap();
            let mut activation = vec![0.0_f32; channels];
            for (index, x) in values.as_slice::<f32>().unwrap().iter().enumerate() {
                activation[index % channels] = activation[index % channels].max(x.abs());
            }
            let weights = prepared.graph.decode_const(layer.weights.as_ref().unwrap().constant).unwrap();
            let run = weights.shape().last().unwrap();
            let mut maxima = vec![0.0_f32; channels];
            for (index, w) in weights.as_slice::<f32>().unwrap().iter().enumerate() {
                let channel = index / run % channels;
                maxima[channel] = maxima[channel].max(w.abs());
            }
            let expected = balance_factors(&activation, &maxima, 0.3).unwrap();
            assert_eq!(entry.tensor_balance_factor, expected, "{}", layer.name);
        }
    });
}

#[test]
fn a_given_record_of_factors_gives_what_the_whole_run_gives() {
    let case = Case::load("resnet");
    with(&case, 0.5, |prepared, config, batches| {
        let factors = pipeline::quantize_preprocess(prepared, config, batches, &|_| ()).unwrap();
        let options = CalibrateOptions::default().with_balance(&factors);
        let record = pipeline::calibrate(prepared, config, batches, &options).unwrap().record;
        assert_eq!(
            record,
            pipeline::calibrate(prepared, config, batches, &CalibrateOptions::default()).unwrap().record
        );
    });
}

#[test]
fn a_layer_without_its_factors_is_refused() {
    let case = Case::load("resnet");
    with(&case, 0.5, |prepared, config, batches| {
        let mut factors = pipeline::quantize_preprocess(prepared, config, batches, &|_| ()).unwrap();
        let missing = factors.entries.pop().unwrap().key;
        let options = CalibrateOptions::default().with_balance(&factors);
        let error = pipeline::calibrate(prepared, config, batches, &options).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("no tensor_balance_factor found in record") && text.contains(&missing),
            "{text}"
        );
    });
}

#[test]
fn factors_that_do_not_fit_are_refused_with_amcts_texts() {
    let case = Case::load("mobilenet_v1");
    with(&case, 0.5, |prepared, config, batches| {
        let record =
            pipeline::calibrate(prepared, config, batches, &CalibrateOptions::default()).unwrap().record;
        let refused = |key: &str, factors: Vec<f32>| {
            let mut record = record.clone();
            let entry: &mut RecordEntry = record.entries.iter_mut().find(|entry| entry.key == key).unwrap();
            entry.tensor_balance_factor = factors;
            pipeline::quantize(prepared, &record, "m").unwrap_err().in_one_line()
        };
        let first = &prepared.scan.layers[0].name;
        let text = refused(first, vec![1.0; 2]);
        let expected = format!(
            "tensor_balance_factor's length: 2 should be equal to the channel length of inputs of layer {first}: 3."
        );
        assert!(text.starts_with(&expected), "{text}");
        assert!(refused(first, vec![0.0; 3]).contains("[FLT_EPSILON, 1/FLT_EPSILON]"));
        if let Some(pool) = prepared.scan.layers.iter().find(|layer| layer.kind == LayerKind::AvgPool) {
            let text = refused(&pool.name, vec![1.0; 3]);
            assert!(text.contains("please delete tensor_balance_factor"), "{text}");
        }
    });
}

#[test]
fn a_strength_out_of_range_is_refused_with_amcts_text() {
    let case = Case::load("resnet");
    with(&case, 0.2, |prepared, config, _| {
        for strength in [0.19, 0.81, -1.0, f64::NAN] {
            let mut config = config.clone();
            let text = pipeline::set_dmq_balancer(&mut config, prepared, strength).unwrap_err().in_one_line();
            assert!(text.starts_with("The dmq_balancer_param must be in range [0.2, 0.8]"), "{text}");
        }
        assert!(pipeline::set_dmq_balancer(&mut config.clone(), prepared, 0.8).is_ok());
    });
}
