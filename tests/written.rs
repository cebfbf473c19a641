//! Whatever is written keeps the rules of ATC, or is not written: a property test over random models.

mod random_model;

use amct::Error;
use amct::pipeline::{self, CalibrateOptions, PrepareOptions, Quantized, prepare_qat};
use amct_artifacts::record::Record;
use amct_graph::Graph;
use amct_interpreter::Feeds;
use amct_rewrite::qat::QatError;
use amct_rewrite::{Severity, verify};
use proptest::collection::vec;
use proptest::prelude::*;

use random_model::{Habits, RandomModel, data};

/// The graph as a file has it.
fn written(quantized: &Quantized) -> Graph {
    amct::graphdef::decode(amct::graphdef::encode_sorted(&quantized.graph).unwrap()).unwrap()
}

/// The constants that nothing but control edges needs, identities looked through.
fn only_waited_for(graph: &Graph) -> Vec<String> {
    let consumers = graph.consumers();
    let is_read = |id| {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            for use_ in consumers.all(id) {
                if graph.node(use_.node).op != "Identity" {
                    return true;
                }
                open.push(use_.node);
            }
        }
        false
    };
    let constants = graph.nodes().filter(|(_, node)| node.op == "Const");
    constants.filter(|(id, _)| !is_read(*id)).map(|(_, node)| node.name.clone()).collect()
}

/// What `verify` finds, notes aside.
fn faults(graph: &Graph, original: &Graph, outputs: &[String]) -> Vec<String> {
    let of = |original| verify(graph, original, outputs).into_iter();
    let all = of(None).chain(of(Some(original)));
    all.filter(|violation| violation.severity != Severity::Note)
        .map(|violation| violation.to_string())
        .collect()
}

fn calibrated(original: &Graph, outputs: &[String]) -> Result<(Record, Quantized), Error> {
    let batches = [Feeds::from([("x", data())])];
    let prepared = pipeline::prepare(original, outputs, &PrepareOptions::default(), Some(&batches))?;
    let config = pipeline::default_config(&prepared, 1, true)?;
    let record = pipeline::calibrate(&prepared, &config, &batches, &CalibrateOptions::default())?.record;
    let quantized = pipeline::quantize(&prepared, &record, "m")?;
    Ok((record, quantized))
}

/// Quantized with factors that are given, without data.
fn recorded(original: &Graph, outputs: &[String], record: &Record) -> Result<Quantized, Error> {
    let prepared = pipeline::prepare(original, outputs, &PrepareOptions::default(), None)?;
    pipeline::quantize(&prepared, record, "m")
}

/// What the commands make of a model, with the float graph that it is to be compared with, and whether
/// there were data.
fn results(
    original: Graph,
    outputs: &[String],
    trained: bool,
) -> Vec<(Graph, bool, Result<Quantized, Error>)> {
    if trained {
        return vec![match prepare_qat(&original, outputs) {
            Ok((prepared, record)) => {
                let quantized = pipeline::quantize(&prepared, &record, "m");
                (prepared.graph, false, quantized)
            }
            Err(error) => (original, false, Err(error)),
        }];
    }
    match calibrated(&original, outputs) {
        Ok((record, quantized)) => {
            let again = recorded(&original, outputs, &record);
            vec![(original.clone(), true, Ok(quantized)), (original, false, again)]
        }
        Err(error) => vec![(original, true, Err(error))],
    }
}

/// A refusal that random models may meet; without data nothing may tell the channels of the input.
fn is_expected(error: &Error, has_data: bool) -> bool {
    match error {
        Error::NothingToQuantize(_) | Error::Qat(QatError::NoFakeQuant) => true,
        // A layer that no output needs, beside one that reads the same.
        Error::Record(_) => !has_data,
        Error::Contract(violations) => !has_data && violations.iter().all(|violation| violation.rule == 17),
        _ => false,
    }
}

fn habits() -> impl Strategy<Value = Habits> {
    (any::<u8>(), any::<[bool; 5]>()).prop_map(|(shape, [waits, places, library, trained, bare_scalars])| {
        Habits { shape, waits, places, library, trained, bare_scalars }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_passes_verify_or_is_refused(
        habits in habits(),
        choices in vec((any::<u8>(), any::<u8>(), any::<u64>()), 1..9),
        (kind, seed) in (any::<u8>(), any::<u64>()),
    ) {
        let (original, outputs) = RandomModel::of(&choices, habits).build(kind, seed);
        // As the command line reads it.
        let original = amct::graphdef::decode(amct::graphdef::encode(&original).unwrap()).unwrap();
        for (original, has_data, result) in results(original, &outputs, habits.trained) {
            match result {
                Ok(quantized) => {
                    let graph = written(&quantized);
                    prop_assert_eq!(faults(&graph, &original, &outputs), Vec::<String>::new());
                    prop_assert_eq!(only_waited_for(&graph), Vec::<String>::new());
                    prop_assert!(graph.meta().functions.is_empty());
                }
                Err(error) => prop_assert!(is_expected(&error, has_data), "{}", error),
            }
        }
    }
}
