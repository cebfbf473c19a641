//! Plans of graphs as the tidying passes leave them, by the outlets of the graphs as they are given.

use std::collections::BTreeMap;

use amct_graph::{Graph, NodeId, Outlet};
use amct_interpreter::{Plan, PlanError, PlanOptions, constant_value};
use amct_rewrite::{PassContext, Purpose, Tidied, tidy};
use amct_tensor::{Chain, Tensor};

/// Makes a plan of a graph that is tidied first: what is only needed on a branch that is never taken is not
/// looked at, and an observed outlet there is never shown.
///
/// # Errors
/// As [`Plan::compile`]; [`PlanError::Undecided`] for a conditional on a value that is not constant,
/// [`PlanError::NeverComputed`] for an output on a branch that is never taken.
pub fn plan(graph: &Graph, outputs: &[Outlet], options: &PlanOptions) -> Result<Plan, PlanError> {
    let wanted: Vec<Outlet> = outputs.iter().chain(&options.observed).copied().collect();
    let tidied = self::graph(graph, &wanted, &options.fed)?;
    let outputs = places(graph, &tidied, outputs)?;
    let mut observed = Vec::new();
    let mut shown_as: BTreeMap<Outlet, Vec<Outlet>> = BTreeMap::new();
    for &outlet in &options.observed {
        let Some(place) = tidied.provenance.place(outlet) else { continue };
        let shown = shown_as.entry(place).or_default();
        if shown.is_empty() {
            observed.push(place);
        }
        shown.push(outlet);
    }
    let plan = Plan::compile(&tidied.graph, &outputs, &PlanOptions { observed, ..options.clone() })?;
    // What waits for a branch without reading from it has an operator, and yet may never be computed.
    if let Some((switch, predicate)) = tidied.undecided() {
        return Err(PlanError::Undecided { switch: switch.to_owned(), predicate: predicate.to_owned() });
    }
    Ok(plan.showing(&shown_as))
}

/// The nodes of a graph that a run for `outputs` computes, inputs before their readers: not those on a branch
/// that is never taken, nor the random numbers of a dropout that drops nothing. These can be observed. `fed` are
/// the nodes that will be fed although they have a default.
///
/// # Errors
/// As [`plan`], as far as it is about the order and the branches.
pub fn computed(graph: &Graph, outputs: &[Outlet], fed: &[NodeId]) -> Result<Vec<NodeId>, PlanError> {
    let tidied = self::graph(graph, outputs, fed)?;
    let roots = places(graph, &tidied, outputs)?.into_iter().map(|outlet| outlet.node);
    let mut order = tidied.graph.needed_by(&roots.collect::<Vec<_>>())?;
    order.retain(|&id| graph.get(id).is_some());
    Ok(order)
}

/// The graph that is computed for some outlets. `fed` are the nodes that will be fed although they have a default.
///
/// # Errors
/// [`PlanError::Graph`] for a cycle or a constant that cannot be decoded.
pub fn graph(graph: &Graph, wanted: &[Outlet], fed: &[NodeId]) -> Result<Tidied, PlanError> {
    let evaluate = |graph: &Graph, outlet| evaluate(graph, outlet, fed);
    let context = PassContext { outputs: wanted, fed, evaluate: &evaluate };
    Ok(tidy(graph, &context, Purpose::Computing)?)
}

fn evaluate(graph: &Graph, outlet: Outlet, fed: &[NodeId]) -> Result<Tensor, String> {
    match constant_value(graph, outlet, fed) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err("it is not constant".to_owned()),
        Err(error) => Err(Chain(&error).to_string()),
    }
}

/// Where the outputs are computed.
fn places(graph: &Graph, tidied: &Tidied, outputs: &[Outlet]) -> Result<Vec<Outlet>, PlanError> {
    let place = |&outlet| {
        let place = tidied.provenance.place(outlet);
        place.ok_or_else(|| PlanError::NeverComputed(graph.outlet_name(outlet)))
    };
    outputs.iter().map(place).collect()
}
