//! Dropout that drops nothing: with `keep_prob` 1 its mask is the same whatever the random numbers
//! are, so they need not be drawn.
//!
//! Both forms that TensorFlow has given its dropout are known: `random >= rate` and
//! `floor(keep_prob + random)`, where `random` is a `RandomUniform`, perhaps scaled and shifted.

use std::collections::BTreeMap;

use amct_graph::{AttrValue, Graph, NewNode, Node, NodeId, Outlet, Patch, TensorLiteral, type_code};
use amct_tensor::Tensor;

use super::{Plan, PlanOptions};
use crate::{Feeds, PlanError};

/// The values of a tensor lie in `low..high`.
#[derive(Clone, Copy)]
struct Range {
    low: f32,
    high: f32,
}

/// The graph with each such mask replaced by a constant; `None` if there is none.
///
/// # Errors
/// [`PlanError::Graph`] for a cycle.
pub(super) fn without_inert(
    graph: &Graph,
    wanted: &[Outlet],
    options: &PlanOptions,
) -> Result<Option<Graph>, PlanError> {
    let roots: Vec<NodeId> = wanted.iter().map(|outlet| outlet.node).collect();
    let order = graph.needed_by(&roots)?;
    if !order.iter().any(|&id| graph.node(id).op == "RandomUniform") {
        return Ok(None);
    }
    let consumers = graph.consumers();
    let mut ranges: BTreeMap<Outlet, Range> = BTreeMap::new();
    let mut patch = Patch::new();
    for &id in &order {
        let node = graph.node(id);
        if let Some(range) = range_of(graph, node, &ranges, options) {
            ranges.insert(id.into(), range);
        }
        let Some(mask) = mask(graph, node, &ranges, options) else { continue };
        // A scalar stands for the whole mask where its readers broadcast.
        let broadcast = |reader: &Node| matches!(reader.op.as_str(), "SelectV2" | "Select" | "Cast" | "Mul");
        if wanted.contains(&id.into()) || !consumers.all(id).all(|found| broadcast(graph.node(found.node))) {
            continue;
        }
        let constant = patch.add(
            NewNode::new(format!("{}/always", node.name), "Const", [])
                .attr("dtype", AttrValue::Type(type_code(mask.dtype())))
                .attr("value", AttrValue::tensor(TensorLiteral::encode(&mask))),
        );
        patch.replace_uses(id, constant);
    }
    if patch.is_empty() {
        return Ok(None);
    }
    let mut simplified = graph.clone();
    simplified.apply(&patch)?;
    Ok(Some(simplified))
}

/// The range of a node's values, if it is a random number, scaled and shifted by constants.
fn range_of(
    graph: &Graph,
    node: &Node,
    ranges: &BTreeMap<Outlet, Range>,
    options: &PlanOptions,
) -> Option<Range> {
    if node.op == "RandomUniform" {
        return Some(Range { low: 0.0, high: 1.0 });
    }
    let (range, other) = random_and_constant(graph, node, ranges, options)?;
    match node.op.as_str() {
        "Add" | "AddV2" => Some(Range { low: range.low + other, high: range.high + other }),
        "Mul" if other >= 0.0 => Some(Range { low: range.low * other, high: range.high * other }),
        _ => None,
    }
}

/// What a node of random numbers always gives, if it always gives the same.
fn mask(
    graph: &Graph,
    node: &Node,
    ranges: &BTreeMap<Outlet, Range>,
    options: &PlanOptions,
) -> Option<Tensor> {
    match node.op.as_str() {
        "Floor" => {
            let range = ranges.get(node.inputs.first()?)?;
            (range.low.floor() + 1.0 >= range.high).then(|| Tensor::scalar(range.low.floor()))
        }
        "GreaterEqual" => {
            let range = ranges.get(node.inputs.first()?)?;
            let rate = constant(graph, *node.inputs.get(1)?, options)?;
            (range.low >= rate).then(|| Tensor::scalar(true))
        }
        _ => None,
    }
}

/// The random input of a binary node, and its other one.
fn random_and_constant(
    graph: &Graph,
    node: &Node,
    ranges: &BTreeMap<Outlet, Range>,
    options: &PlanOptions,
) -> Option<(Range, f32)> {
    let &[left, right] = node.inputs.as_slice() else { return None };
    match (ranges.get(&left), ranges.get(&right)) {
        (Some(range), None) => Some((*range, constant(graph, right, options)?)),
        (None, Some(range)) => Some((*range, constant(graph, left, options)?)),
        _ => None,
    }
}

/// The value of a scalar that needs no input.
fn constant(graph: &Graph, outlet: Outlet, options: &PlanOptions) -> Option<f32> {
    let options = PlanOptions { observed: Vec::new(), ..options.clone() };
    let plan = Plan::compile(graph, &[outlet], &options).ok()?;
    if !plan.feeds().is_empty() {
        return None;
    }
    let value = plan.run(&Feeds::new()).ok()?.pop()?.plain().ok()?;
    match value.as_slice::<f32>() {
        Ok(&[scalar]) => Some(scalar),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use amct_graph::GraphMeta;

    use super::*;

    fn node(name: &str, op: &str) -> Node {
        Node { name: name.into(), op: op.into(), ..Node::default() }
    }

    fn constant_node(name: &str, value: f32) -> (Node, Vec<String>) {
        let mut constant = node(name, "Const");
        let literal = TensorLiteral::encode(&Tensor::scalar(value));
        constant.attrs.insert("value".into(), AttrValue::tensor(literal));
        (constant, Vec::new())
    }

    fn inputs(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// x * floor(keep + random), and select(random >= 1 - keep, x, 0).
    fn both_forms(keep: f32) -> Graph {
        let nodes = [
            (node("x", "Placeholder"), inputs(&[])),
            constant_node("keep", keep),
            constant_node("one", 1.0),
            constant_node("zero", 0.0),
            (node("shape", "Shape"), inputs(&["x"])),
            (node("random", "RandomUniform"), inputs(&["shape"])),
            (node("scaled", "Mul"), inputs(&["random", "one"])),
            (node("shifted", "AddV2"), inputs(&["keep", "scaled"])),
            (node("floor", "Floor"), inputs(&["shifted"])),
            (node("old", "Mul"), inputs(&["x", "floor"])),
            (node("rate", "Sub"), inputs(&["one", "keep"])),
            (node("kept", "GreaterEqual"), inputs(&["random", "rate"])),
            (node("new", "SelectV2"), inputs(&["kept", "x", "zero"])),
        ];
        Graph::from_named(nodes, GraphMeta::default()).unwrap()
    }

    #[test]
    fn dropout_that_keeps_everything_draws_nothing() {
        let graph = both_forms(1.0);
        let outputs = [graph.outlet("old").unwrap(), graph.outlet("new").unwrap()];
        let plan = Plan::compile(&graph, &outputs, &PlanOptions::default()).unwrap();
        let x = Tensor::vector(vec![1.5_f32, -2.0]);
        for result in plan.run(&[("x", x.clone())].into()).unwrap() {
            assert_eq!(result.plain().unwrap(), x);
        }
    }

    #[test]
    fn dropout_that_drops_is_told_by_its_random_numbers() {
        let graph = both_forms(0.5);
        for output in ["old", "new"] {
            let outlet = graph.outlet(output).unwrap();
            let error = Plan::compile(&graph, &[outlet], &PlanOptions::default()).err().unwrap();
            assert!(error.to_string().contains("RandomUniform (node 'random')"), "{error}");
        }
    }
}
