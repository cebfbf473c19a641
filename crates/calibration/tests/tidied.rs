//! Conditionals and dropouts in frozen graphs: what is only needed on a branch that is never taken does not
//! count, and a dropout that drops nothing draws no random numbers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use amct_calibration::tidied;
use amct_graph::{AttrValue, Graph, Node, Outlet, TensorLiteral};
use amct_interpreter::{Feeds, Plan, PlanError, PlanOptions, RunError, Value};
use amct_tensor::Tensor;
use proptest::prelude::*;

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
fn conditional(predicate: Vec<(Node, Vec<String>)>) -> Graph {
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
    tidied::plan(graph, &outlets, &options)
}

fn run(graph: &Graph, names: &[&str]) -> Vec<Value> {
    let plan = compile(graph, names, PlanOptions::default()).unwrap();
    let x = Value::from(Tensor::vector(vec![1.0_f32, 2.0]));
    let feeds: Feeds = plan.feeds().iter().map(|feed| (feed.name.as_str(), x.clone())).collect();
    plan.run(&feeds).unwrap()
}

#[test]
fn the_branch_not_taken_is_never_looked_at() {
    let graph = conditional(truth(false));
    let sum = Value::from(Tensor::vector(vec![11.0_f32, 12.0]));
    let index = Value::from(Tensor::scalar(1_i32));
    assert_eq!(
        run(&graph, &["y", "merge", "merge:1", "data"]),
        [sum.clone(), sum, index, Tensor::vector(vec![1.0_f32, 2.0]).into()]
    );
}

#[test]
fn a_constant_belongs_to_the_branch_it_waits_for() {
    assert_eq!(run(&conditional(truth(false)), &["constants"]), [Tensor::scalar(10.0_f32).into()]);
    assert_eq!(run(&conditional(truth(true)), &["constants"]), [Tensor::vector(vec![2_i32]).into()]);
}

#[test]
fn the_branch_taken_is_needed() {
    let error = compile(&conditional(truth(true)), &["y"], PlanOptions::default()).err().unwrap();
    assert!(matches!(error, PlanError::Unsupported(ops) if ops.len() == 1 && ops[0].op == "RandomUniform"));
}

#[test]
fn an_output_that_is_never_computed_is_an_error() {
    let error = compile(&conditional(truth(false)), &["dropped"], PlanOptions::default()).err().unwrap();
    assert_eq!(error, PlanError::NeverComputed("dropped".into()));
}

#[test]
fn an_observed_outlet_that_is_never_computed_is_not_shown() {
    let graph = conditional(truth(false));
    let observed: Vec<Outlet> =
        ["dropped", "merge", "kept"].iter().map(|name| graph.outlet(name).unwrap()).collect();
    let plan = compile(&graph, &["y"], PlanOptions { observed, ..PlanOptions::default() }).unwrap();
    let mut shown = Vec::new();
    let x = Value::from(Tensor::vector(vec![1.0_f32, 2.0]));
    plan.run_observed(&[("x", x)].into(), &mut |outlet, _| -> Result<(), RunError> {
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
    let graph = conditional(predicate);
    assert_eq!(run(&graph, &["y"]), [Tensor::vector(vec![11.0_f32, 12.0]).into()]);
    let fed = vec![graph.find("pred").unwrap()];
    let error = compile(&graph, &["constants"], PlanOptions { fed, ..PlanOptions::default() }).err().unwrap();
    assert_eq!(error, PlanError::Undecided { switch: "cond/Switch".into(), predicate: "pred_id".into() });
}

#[test]
fn a_predicate_that_is_an_input_is_a_clear_error() {
    let graph = conditional(vec![node("pred", "Placeholder", &[])]);
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

/// x * floor(keep + random), and select(random >= 1 - keep, x, 0).
fn both_forms_of_dropout(keep: f32) -> Graph {
    let scalar = |name: &str, value: f32| constant(name, Tensor::scalar(value), &[]);
    let nodes = [
        node("x", "Placeholder", &[]),
        scalar("keep", keep),
        scalar("one", 1.0),
        scalar("zero", 0.0),
        node("shape", "Shape", &["x"]),
        node("random", "RandomUniform", &["shape"]),
        node("scaled", "Mul", &["random", "one"]),
        node("shifted", "AddV2", &["keep", "scaled"]),
        node("floor", "Floor", &["shifted"]),
        node("old", "Mul", &["x", "floor"]),
        node("rate", "Sub", &["one", "keep"]),
        node("kept", "GreaterEqual", &["random", "rate"]),
        node("new", "SelectV2", &["kept", "x", "zero"]),
    ];
    Graph::from_named(nodes, Default::default()).unwrap()
}

#[test]
fn dropout_that_keeps_everything_draws_nothing() {
    let x = Value::from(Tensor::vector(vec![1.0_f32, 2.0]));
    assert_eq!(run(&both_forms_of_dropout(1.0), &["old", "new"]), [x.clone(), x]);
}

#[test]
fn dropout_that_drops_is_told_by_its_random_numbers() {
    let graph = both_forms_of_dropout(0.5);
    for output in ["old", "new"] {
        let error = compile(&graph, &[output], PlanOptions::default()).err().unwrap();
        assert!(error.to_string().contains("RandomUniform (node 'random')"), "{error}");
    }
}

#[test]
fn a_rate_of_dropout_may_be_a_conditional() {
    let keep = |value: f32, name: &str| constant(name, Tensor::scalar(value), &[]);
    let mut nodes = truth(true);
    nodes.extend([
        keep(0.5, "training"),
        keep(1.0, "inference"),
        node("not_taken", "Switch", &["training", "pred"]),
        node("taken", "Switch", &["inference", "pred"]),
        node("keep", "Merge", &["not_taken", "taken:1"]),
        node("x", "Placeholder", &[]),
        node("shape", "Shape", &["x"]),
        node("random", "RandomUniform", &["shape"]),
        node("shifted", "Add", &["keep", "random"]),
        node("floor", "Floor", &["shifted"]),
        node("y", "Mul", &["x", "floor"]),
    ]);
    let graph = Graph::from_named(nodes, Default::default()).unwrap();
    assert_eq!(run(&graph, &["y"]), [Tensor::vector(vec![1.0_f32, 2.0]).into()]);
}

/// One step of a random graph: a conditional between two earlier values, its predicate a constant, a
/// conditional one or a negated one; or a sum.
type Choice = (u8, prop::sample::Index, prop::sample::Index, bool);

/// A graph of the choices, and the value of each of its floats at x = 1 if it is computed at all.
fn random_conditionals(choices: &[Choice]) -> (Graph, Vec<String>, Vec<f32>) {
    let mut nodes = vec![
        node("x", "Placeholder", &[]),
        constant("no", Tensor::scalar(false), &[]),
        constant("yes", Tensor::scalar(true), &[]),
    ];
    let mut floats = vec![("x".to_owned(), 1.0_f32)];
    let mut truths = vec![("no".to_owned(), false), ("yes".to_owned(), true)];
    for (step, (kind, a, b, further)) in choices.iter().enumerate() {
        let name = |part: &str| format!("n{step}/{part}");
        let (a, b) = (&floats[a.index(floats.len())].clone(), &floats[b.index(floats.len())].clone());
        let (predicate, taken) = truths[usize::from(*kind) % truths.len()].clone();
        match kind % 4 {
            0 => {
                nodes.push(node(&name("sum"), "Add", &[&a.0, &b.0]));
                floats.push((name("sum"), a.1 + b.1));
            }
            1 => {
                nodes.push(node(&name("not"), "LogicalNot", &[&predicate]));
                truths.push((name("not"), !taken));
            }
            _ => {
                let alive = if *further { format!("{}:1", name("a")) } else { name("b") };
                nodes.extend([
                    node(&name("a"), "Switch", &[&a.0, &predicate]),
                    node(&name("b"), "Switch", &[&b.0, &predicate]),
                    node(&name("then"), "Neg", &[&format!("{}:1", name("a"))]),
                    node(&name("else"), "Add", &[&name("b"), &name("b")]),
                    node(&name("merge"), "Merge", &[&name("then"), &name("else")]),
                    // The index of the branch decides what comes later, too.
                    constant(&name("first"), Tensor::scalar(0_i32), &[]),
                    node(&name("is_first"), "Equal", &[&format!("{}:1", name("merge")), &name("first")]),
                    node(&name("side"), "Identity", &[&alive]),
                ]);
                floats.push((name("merge"), if taken { -a.1 } else { b.1 + b.1 }));
                truths.push((name("is_first"), taken));
            }
        }
    }
    let (names, values) = floats.into_iter().unzip();
    (Graph::from_named(nodes, Default::default()).unwrap(), names, values)
}

/// The nodes with their names for inputs.
fn listed(graph: &Graph) -> Vec<(Node, Vec<String>)> {
    let inputs = |node: &Node| node.inputs.iter().map(|&outlet| graph.outlet_name(outlet)).collect();
    graph.nodes().map(|(_, node)| (node.clone(), inputs(node))).collect()
}

proptest! {
    #[test]
    fn a_tidied_graph_computes_the_same_and_is_tidy(
        choices in prop::collection::vec(any::<Choice>(), 1..20),
    ) {
        let (graph, names, expected) = random_conditionals(&choices);
        let x = || Feeds::from([("x", Tensor::scalar(1.0_f32))]);
        let outlets: Vec<Outlet> = names.iter().map(|name| graph.outlet(name).unwrap()).collect();
        let plan = tidied::plan(&graph, &outlets, &PlanOptions::default()).unwrap();
        let results = plan.run(&x()).unwrap();
        let expected: Vec<Value> = expected.into_iter().map(|value| Tensor::scalar(value).into()).collect();
        prop_assert_eq!(&results, &expected);

        let once = tidied::graph(&graph, &outlets, &[]).unwrap();
        let places: Vec<Outlet> = outlets.iter().map(|&o| once.provenance.place(o).unwrap()).collect();
        let by_hand = Plan::compile(&once.graph, &places, &PlanOptions::default()).unwrap();
        prop_assert_eq!(by_hand.run(&x()).unwrap(), expected);

        let twice = tidied::graph(&once.graph, &places, &[]).unwrap();
        prop_assert_eq!(listed(&twice.graph), listed(&once.graph));
        prop_assert!(places.iter().all(|&place| twice.provenance.place(place) == Some(place)));
        // By the outlets that the given graph has as well.
        let again = tidied::graph(&once.graph, &outlets, &[]).unwrap();
        prop_assert_eq!(listed(&again.graph), listed(&once.graph));
    }
}
