//! Conditionals in frozen graphs: what is behind a branch that is never taken does not count.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use amct_graph::{AttrValue, Graph, Node, Outlet, TensorLiteral};
use amct_interpreter::{Feeds, Plan, PlanError, PlanOptions, Value};
use amct_tensor::Tensor;

fn node(name: &str, op: &str, inputs: &[&str]) -> (Node, Vec<String>) {
    let node = Node { name: name.into(), op: op.into(), ..Node::default() };
    (node, inputs.iter().map(|input| (*input).to_owned()).collect())
}

fn constant(name: &str, value: Tensor, inputs: &[&str]) -> (Node, Vec<String>) {
    let (mut node, inputs) = node(name, "Const", inputs);
    node.attrs.insert("value".into(), AttrValue::tensor(TensorLiteral::encode(&value)));
    (node, inputs)
}

/// `keep ? x + random : x + 10`, the constants belonging to their branches by control inputs.
fn dropout(predicate: Vec<(Node, Vec<String>)>) -> Graph {
    let mut nodes = predicate;
    nodes.extend([
        node("x", "Placeholder", &[]),
        node("pred_id", "Identity", &["pred"]),
        node("cond/Switch", "Switch", &["pred_id", "pred_id"]),
        node("cond/switch_t", "Identity", &["cond/Switch:1"]),
        node("cond/switch_f", "Identity", &["cond/Switch"]),
        node("data", "Switch", &["x", "pred_id"]),
        constant("shape", Tensor::vector(vec![2_i32]), &["^cond/switch_t"]),
        node("random", "RandomUniform", &["shape"]),
        node("dropped", "Add", &["data:1", "random"]),
        constant("ten", Tensor::scalar(10.0_f32), &["^cond/switch_f"]),
        node("kept", "Add", &["data", "ten"]),
        node("merge", "Merge", &["dropped", "kept"]),
        node("y", "Identity", &["merge"]),
        node("constants", "Merge", &["shape", "ten"]),
    ]);
    Graph::from_named(nodes, Default::default()).unwrap()
}

fn truth(value: bool) -> Vec<(Node, Vec<String>)> {
    vec![constant("pred", Tensor::scalar(value), &[])]
}

fn compile(graph: &Graph, names: &[&str], options: PlanOptions) -> Result<Plan, PlanError> {
    amct_kernels::Isa::from_environment().unwrap().choose().unwrap();
    let outlets: Vec<Outlet> = names.iter().map(|name| graph.outlet(name).unwrap()).collect();
    Plan::compile(graph, &outlets, &options)
}

fn run(graph: &Graph, names: &[&str]) -> Vec<Value> {
    let plan = compile(graph, names, PlanOptions::default()).unwrap();
    let x = Value::from(Tensor::vector(vec![1.0_f32, 2.0]));
    let feeds: Feeds = plan.feeds().iter().map(|feed| (feed.name.as_str(), x.clone())).collect();
    plan.run(&feeds).unwrap()
}

#[test]
fn the_branch_not_taken_is_never_looked_at() {
    let graph = dropout(truth(false));
    let sum = Value::from(Tensor::vector(vec![11.0_f32, 12.0]));
    let index = Value::from(Tensor::scalar(1_i32));
    assert_eq!(
        run(&graph, &["y", "merge", "merge:1", "data"]),
        [sum.clone(), sum, index, Tensor::vector(vec![1.0_f32, 2.0]).into()]
    );
}

#[test]
fn a_constant_belongs_to_the_branch_it_waits_for() {
    assert_eq!(run(&dropout(truth(false)), &["constants"]), [Tensor::scalar(10.0_f32).into()]);
    assert_eq!(run(&dropout(truth(true)), &["constants"]), [Tensor::vector(vec![2_i32]).into()]);
}

#[test]
fn the_branch_taken_is_needed() {
    let error = compile(&dropout(truth(true)), &["y"], PlanOptions::default()).err().unwrap();
    assert!(matches!(error, PlanError::Unsupported(ops) if ops.len() == 1 && ops[0].op == "RandomUniform"));
}

#[test]
fn an_output_that_is_never_computed_is_an_error() {
    let error = compile(&dropout(truth(false)), &["dropped"], PlanOptions::default()).err().unwrap();
    assert_eq!(error, PlanError::NeverComputed("dropped".into()));
}

#[test]
fn an_observed_outlet_that_is_never_computed_is_not_shown() {
    let graph = dropout(truth(false));
    let observed: Vec<Outlet> =
        ["dropped", "merge", "kept"].iter().map(|name| graph.outlet(name).unwrap()).collect();
    let plan = compile(&graph, &["y"], PlanOptions { observed, ..PlanOptions::default() }).unwrap();
    let mut shown = Vec::new();
    let x = Value::from(Tensor::vector(vec![1.0_f32, 2.0]));
    plan.run_observed(&[("x", x)].into(), &mut |outlet, _| {
        shown.push(graph.outlet_name(outlet));
        Ok(())
    })
    .unwrap();
    assert_eq!(shown, ["merge", "kept"]);
}

#[test]
fn a_placeholder_with_default_decides_unless_it_is_fed() {
    let predicate = vec![
        constant("default", Tensor::scalar(false), &[]),
        node("pred", "PlaceholderWithDefault", &["default"]),
    ];
    let graph = dropout(predicate);
    assert_eq!(run(&graph, &["y"]), [Tensor::vector(vec![11.0_f32, 12.0]).into()]);
    let fed = vec![graph.find("pred").unwrap()];
    let error = compile(&graph, &["constants"], PlanOptions { fed, ..PlanOptions::default() }).err().unwrap();
    assert_eq!(error, PlanError::Undecided { switch: "cond/Switch".into(), predicate: "pred_id".into() });
}

#[test]
fn a_predicate_that_is_an_input_is_a_clear_error() {
    let graph = dropout(vec![node("pred", "Placeholder", &[])]);
    let error = compile(&graph, &["data"], PlanOptions::default()).err().unwrap();
    assert_eq!(error, PlanError::Undecided { switch: "data".into(), predicate: "pred_id".into() });
}

#[test]
fn an_assertion_stops_nothing() {
    let nodes = [
        node("x", "Placeholder", &[]),
        node("pred", "Placeholder", &[]),
        node("guard", "Switch", &["x", "pred"]),
        node("assert", "Assert", &["pred", "guard"]),
        node("done", "NoOp", &["^assert"]),
        node("y", "Identity", &["x", "^done", "^assert"]),
    ];
    let graph = Graph::from_named(nodes, Default::default()).unwrap();
    assert_eq!(run(&graph, &["y"]), [Tensor::vector(vec![1.0_f32, 2.0]).into()]);
}
