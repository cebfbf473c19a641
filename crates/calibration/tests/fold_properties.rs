//! Folding, all of it together, on random graphs: every requested output computes what it did.
#![allow(clippy::unwrap_used, reason = "clippy knows only functions marked as tests")]

use crate::random_graph::{Choice, EXTENT, RandomGraph, values};
use amct_graph::Graph;
use amct_interpreter::{Plan, PlanOptions, Value};
use amct_rewrite::{FoldOptions, fold};
use amct_tensor::Tensor;
use proptest::prelude::*;

fn run(graph: &Graph, outputs: &[String]) -> Vec<Vec<f32>> {
    amct_kernels::Isa::from_environment().unwrap().choose().unwrap();
    let outlets: Vec<_> = outputs.iter().map(|name| graph.outlet(name).unwrap()).collect();
    let plan = Plan::compile(graph, &outlets, &PlanOptions::default()).unwrap();
    let input = Tensor::from_vec([1, EXTENT, EXTENT, 3], values(EXTENT * EXTENT * 3, 11)).unwrap();
    let results = plan.run(&[("x", Value::Plain(input))].into()).unwrap();
    results.into_iter().map(|value| value.plain().unwrap().into_vec::<f32>().unwrap()).collect()
}

/// The error of each output in parts of its range, where a value near zero counts as of order one
/// in ten: an activation may have cut off all that gave the range.
fn errors(before: &[Vec<f32>], after: &[Vec<f32>]) -> Vec<f32> {
    before
        .iter()
        .zip(after)
        .map(|(before, after)| {
            assert_eq!(before.len(), after.len());
            let range = before.iter().fold(0.1_f32, |range, x| range.max(x.abs()));
            before.iter().zip(after).fold(0.0_f32, |error, (x, y)| error.max((x - y).abs() / range))
        })
        .collect()
}

/// Requested: the head, and of the maps those whose bit is set.
fn requested(graph: &mut RandomGraph, mask: u32) -> Vec<String> {
    let picked = graph.maps.iter().enumerate().skip(1).filter(|(index, _)| mask >> (index % 32) & 1 == 1);
    let mut outputs: Vec<String> = picked.map(|(_, (name, _))| name.clone()).collect();
    outputs.push(graph.head(u64::from(mask)));
    outputs
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_output_computes_what_it_did(
        choices in prop::collection::vec(any::<Choice>(), 1..16),
        mask in prop_oneof![Just(0_u32), any::<u32>()],
        sparse in any::<u32>(),
    ) {
        let mut random = RandomGraph::of(&choices);
        let outputs = requested(&mut random, mask & sparse);
        let original = random.build();
        let mut folded = original.clone();
        let options = FoldOptions { outputs: outputs.clone(), ..FoldOptions::default() };
        let report = fold(&mut folded, &options).unwrap();
        let count: usize = report.nodes.applied().count();
        prop_assert!(count >= 2, "norm and factor of the head are always folded: {report:?}");
        for (name, error) in outputs.iter().zip(errors(&run(&original, &outputs), &run(&folded, &outputs))) {
            prop_assert!(error <= 1e-5, "{name} differs by {error} of its range; folded {:?}", report.groups);
        }
    }
}

#[test]
fn a_chain_of_everything_is_one_layer() {
    let choices: Vec<Choice> = [0, 2, 3, 5, 7, 8, 3].map(|op| (op, 0, 12)).to_vec();
    let original = RandomGraph::of(&choices).build();
    let outputs = vec!["n6".to_owned()];
    let mut folded = original.clone();
    let report =
        fold(&mut folded, &FoldOptions { outputs: outputs.clone(), ..FoldOptions::default() }).unwrap();
    assert_eq!(report.groups.len(), 1);
    // x, weights, convolution, bias, BiasAdd, and the Identity that keeps the name.
    assert_eq!(folded.len(), 6);
    assert!(errors(&run(&original, &outputs), &run(&folded, &outputs)).iter().all(|&error| error <= 1e-5));
}
