//! Tests of the list of passes: order, rounds, what is written, reports. What the passes compute is tested with
//! the interpreter, in `crates/calibration/tests/tidied.rs`.

use amct_graph::{Patch, Source};
use amct_tensor::Tensor;

use super::*;
use crate::testing::{Net, inputs};

/// The value of a constant; identities are looked through.
fn evaluate(graph: &Graph, outlet: Outlet) -> Result<Tensor, String> {
    graph.constant(outlet).map_err(|error| error.to_string())?.ok_or_else(|| "it is not constant".to_owned())
}

fn tidied(graph: &Graph, outputs: &[&str], purpose: Purpose) -> Tidied {
    let outputs: Vec<Outlet> = outputs.iter().map(|name| graph.outlet(name).unwrap()).collect();
    tidy(graph, &PassContext { outputs: &outputs, fed: &[], evaluate: &evaluate }, purpose).unwrap()
}

/// y = training ? x * floor(1 + random) : x.
fn net() -> Graph {
    Net::with_input(&[2])
        .constant("training", &[], vec![true])
        .constant("keep", &[], vec![1.0_f32])
        .constant("shape", &[1], vec![2_i32])
        .float("switch", "Switch", &["x", "training"])
        .float("random", "RandomUniform", &["shape"])
        .float("shifted", "Add", &["random", "keep"])
        .float("floor", "Floor", &["shifted"])
        .float("dropped", "Mul", &["switch:1", "floor"])
        .float("y", "Merge", &["switch", "dropped"])
        .build()
}

#[test]
fn values_are_found_again_by_provenance() {
    let graph = net();
    let Tidied { graph: after, provenance, reports } = tidied(&graph, &["y"], Purpose::Computing);
    assert_eq!(inputs(&after, "dropped"), ["x", "floor/always"]);
    let at = |name: &str| graph.outlet(name).unwrap();
    assert_eq!(provenance.place(at("y")), Some(at("dropped")));
    assert_eq!(provenance.place(at("switch:1")), Some(at("x")));
    assert_eq!(provenance.place(at("switch")), None);
    assert_eq!(provenance.origins(at("dropped")), [at("y")]);
    let applied: Vec<(&str, Vec<&str>)> =
        reports.iter().map(|(name, report)| (*name, report.applied().collect())).collect();
    let expected = [("decide_conditionals", vec!["switch", "y"]), ("drop_inert_dropouts", vec!["floor"])];
    assert_eq!(applied, expected);
}

#[test]
fn what_stays_open_is_told_by_its_switch() {
    let graph = Net::with_input(&[2]).float("switch", "Switch", &["x", "x"]).build();
    let open = tidied(&graph, &["switch"], Purpose::Computing);
    assert_eq!(open.undecided(), Some(("switch", "x")));
    let (_, report) = &open.reports[0];
    let reason = report.reason("switch").unwrap().to_string();
    assert_eq!(reason, "'x', which decides at Switch 'switch', is not constant");
}

#[test]
fn a_mask_that_is_asked_for_stays() {
    let graph = net();
    let asked = tidied(&graph, &["y", "floor"], Purpose::Computing);
    assert_eq!(inputs(&asked.graph, "dropped"), ["x", "floor"]);
    let (_, report) = &asked.reports[1];
    assert_eq!(report.reason("floor"), Some(&TidySkip::Requested));
}

#[test]
fn the_file_keeps_its_conditionals_and_dropouts() {
    let written = tidied(&net(), &["y"], Purpose::Writing);
    assert_eq!(inputs(&written.graph, "dropped"), ["switch:1", "floor"]);
    assert_eq!(written.graph.len(), net().len());
}

/// Lets `y` read what its input reads, one step in each round.
struct StepByStep;

impl Pass for StepByStep {
    fn name(&self) -> &'static str {
        "step_by_step"
    }

    fn is_written(&self) -> bool {
        true
    }

    fn run(&self, graph: &Graph, context: &PassContext<'_>) -> Result<Change, GraphError> {
        let mut change = Change { patch: Patch::new(), ..Change::default() };
        let y = context.outputs[0].node;
        let before = graph.node(y).inputs[0].node;
        if let Some(&source) = graph.node(before).inputs.first() {
            change.patch.set_input(y, 0, Source::Old(source));
        }
        Ok(change)
    }
}

#[test]
fn rounds_end_when_there_is_nothing_to_do() {
    let chain = Net::with_input(&[2]).float("a", "Relu", &["x"]).float("b", "Relu", &["a"]);
    let graph = chain.float("y", "Relu", &["b"]).build();
    let outputs = [graph.outlet("y").unwrap()];
    let context = PassContext { outputs: &outputs, fed: &[], evaluate: &evaluate };
    assert_eq!(inputs(&run(&[&StepByStep], &graph, &context).unwrap().graph, "y"), ["x"]);
}
