//! What an observer returns ends the run, and comes back as it was.

use amct_graph::{Graph, GraphMeta, Node, Outlet};
use amct_interpreter::{Feeds, Plan, PlanOptions, RunError, Value};
use amct_tensor::Tensor;

/// An error that the interpreter does not know.
#[derive(Debug, PartialEq)]
enum Mine {
    Seen(String, Vec<usize>),
    Run(RunError),
}

impl From<RunError> for Mine {
    fn from(error: RunError) -> Self {
        Mine::Run(error)
    }
}

/// x, its `Relu` and the `Neg` of that, which is the output; both are observed.
fn plan() -> (Graph, Plan) {
    let nodes = [("x", "Placeholder", ""), ("relu", "Relu", "x"), ("neg", "Neg", "relu")];
    let nodes = nodes.map(|(name, op, input)| {
        let node = Node { name: name.into(), op: op.into(), ..Node::default() };
        (node, [input].iter().filter(|input| !input.is_empty()).map(|input| (*input).to_owned()).collect())
    });
    let graph = Graph::from_named(nodes, GraphMeta::default()).unwrap();
    let outlet = |name: &str| graph.outlet(name).unwrap();
    let observed = vec![outlet("relu"), outlet("neg")];
    let options = PlanOptions { observed, ..PlanOptions::default() };
    let plan = Plan::compile(&graph, &[outlet("neg")], &options).unwrap();
    (graph, plan)
}

fn fed() -> Feeds {
    [("x", Value::from(Tensor::vector(vec![-1.0_f32, 2.0])))].into()
}

#[test]
fn an_error_of_the_observers_own_type_comes_back() {
    let (graph, plan) = plan();
    let mut shown = 0;
    let mut refuse = |outlet: Outlet, value: &Value| -> Result<(), Mine> {
        shown += 1;
        Err(Mine::Seen(graph.outlet_name(outlet), value.shape().to_vec()))
    };
    let error = plan.run_observed(&fed(), &mut refuse).unwrap_err();
    assert_eq!(error, Mine::Seen("relu".into(), vec![2]));
    assert_eq!(shown, 1, "the run ends there");
}

#[test]
fn an_error_of_the_run_is_made_into_that_type() {
    let (_, plan) = plan();
    let mut see = |_: Outlet, _: &Value| -> Result<(), Mine> { Ok(()) };
    let error = plan.run_observed(&Feeds::new(), &mut see).unwrap_err();
    assert_eq!(error, Mine::Run(RunError::MissingFeed("x".into())));
}
