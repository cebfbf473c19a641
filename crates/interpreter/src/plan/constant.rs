//! The value of what needs no input: passes over graphs ask for it.

use amct_graph::{Graph, NodeId, Outlet, op};
use amct_tensor::Tensor;

use super::{Compiler, PlanOptions};
use crate::semantics::Integer;
use crate::{PlanError, Value, registry};

/// The value of an outlet that needs no input of the graph; `None` if it needs one, or an operator that there is
/// not. `fed` are the nodes that will be fed although they have a default.
///
/// # Errors
/// [`PlanError::Graph`] for a cycle, [`PlanError::Node`] for a node that cannot be evaluated.
pub fn constant_value(graph: &Graph, outlet: Outlet, fed: &[NodeId]) -> Result<Option<Tensor>, PlanError> {
    let order = graph.needed_by(&[outlet.node])?;
    let is_constant = |id: &NodeId| match graph.node(*id).op.as_str() {
        op::PLACEHOLDER_WITH_DEFAULT => !fed.contains(id),
        op => op == op::CONST || registry::find(op).is_some(),
    };
    if !order.iter().all(is_constant) {
        return Ok(None);
    }
    let options = PlanOptions { fed: fed.to_vec(), ..PlanOptions::default() };
    let mut compiler = Compiler::new(graph, &options, &Integer);
    for &id in &order {
        compiler.add(id)?;
    }
    match compiler.known.get(&outlet) {
        Some(Value::Plain(tensor)) => Ok(Some(tensor.clone())),
        _ => Ok(None),
    }
}
