//! Biases and weights that are constant expressions become constants: Keras keeps a bias as
//! `BiasAdd(x, Squeeze(Reshape(bias)))`.

use amct_graph::{Graph, LayerKind, Patch, op};

use super::PASS;
use crate::RewriteError;
use crate::constants::constant;
use crate::evaluate::evaluate;
use crate::outputs::Outputs;
use crate::sweep::remove_dead_constants;

/// Replaces each by a `Const` of its value.
pub(super) fn fold(graph: &mut Graph, outputs: &Outputs) -> Result<(), RewriteError> {
    let mut patch = Patch::new();
    let mut replaced = Vec::new();
    for (id, node) in graph.nodes() {
        let is_reader = node.op == op::BIAS_ADD
            || LayerKind::of_op(&node.op).is_some_and(|kind| kind.weight_input().is_some());
        let Some(&outlet) = node.inputs.get(1).filter(|_| is_reader) else { continue };
        if graph.constant_node(outlet).is_some() {
            continue;
        }
        let Some(value) = evaluate(graph, outlet) else { continue };
        let expression = graph.node(outlet.node);
        let shape = value.shape().to_vec();
        let name = format!("{}_folded", expression.name);
        let data = value.into_vec().map_err(|error| RewriteError::Tensor { node: name.clone(), error })?;
        let new = patch.add(constant::<f32>(name, shape, data)?.on(&expression.device));
        patch.set_input(id, 1, new);
        replaced.push(outlet.node);
        log::debug!(target: PASS, "{node} reads a constant instead of {expression}");
    }
    graph.apply(&patch)?;
    Ok(remove_dead_constants(graph, replaced, outputs)?)
}
