//! Fake quantization of activations.

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::{Graph, LayerKind, NewNode, NodeId, Outlet, Patch, op};
use amct_tensor::DType;
use amct_tensor::quantization::{ActivationParams, FakeQuantGrid, I8_MIN};

use super::range::Range;
use super::weights::TrainedWeights;
use super::{PASS, QatError, QatSkip, constant, is_fake_quant, trace};
use crate::constants::type_attr;
use crate::outputs::Outputs;
use crate::pass::Evaluate;
use crate::report::{Outcome, PassReport};
use crate::sweep::remove_dead;

/// What fake quantization of activations tells of the layers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainedActivations {
    /// Scale and offset of the input of every layer that training has quantized, by layer.
    pub layers: BTreeMap<String, ActivationParams>,
    /// Every node of a quantizable op, with the reason if training has not quantized it.
    pub nodes: PassReport<QatSkip>,
}

/// Removes the fake quantization that is left after [`take_weights`](super::take_weights), and
/// tells what it makes of the layers' inputs: those of a layer with `weights` from training, or
/// without weights.
///
/// With TensorFlow's steps from 0 to 255 and the step z for 0.0, int8 has z - 128 for it and the
/// same steps. The step that a narrow range leaves out, int8 has; a value below the range may be
/// put there. Where values of several ranges meet (`ConcatV2`), the range that holds them all
/// counts. A requested output that was fake quantization is an `Identity` from now on.
///
/// # Errors
/// [`QatError`]; the graph is then unchanged.
pub fn take_activations(
    graph: &mut Graph,
    outputs: &[String],
    weights: &BTreeMap<String, TrainedWeights>,
    evaluate: &Evaluate<'_>,
) -> Result<TrainedActivations, QatError> {
    let outputs = Outputs::resolve(graph, outputs)?;
    let constant = constant::nodes(graph)?;
    let mut trained = TrainedActivations::default();
    let mut used = BTreeSet::new();
    for (_, node) in graph.nodes() {
        let Some(kind) = LayerKind::of_op(&node.op) else { continue };
        let Some(&input) = node.inputs.get(kind.data_input()) else { continue };
        let outcome = match trace::activations(graph, input) {
            Ok(_) if kind.weight_input().is_some() && !weights.contains_key(&node.name) => {
                Outcome::Skipped(QatSkip::Weights)
            }
            Ok(fakes) => {
                let grid = joined(graph, &node.name, &fakes, &constant, evaluate)?;
                let params = ActivationParams { scale: grid.scale, offset: grid.zero_point + I8_MIN };
                used.extend(fakes);
                trained.layers.insert(node.name.clone(), params);
                Outcome::Applied
            }
            Err(end) => Outcome::Skipped(QatSkip::Activation { found: graph.node(end).to_string() }),
        };
        trained.nodes.add(PASS, &node.name, &node.op, outcome);
    }
    remove(graph, &outputs, &used, &constant)?;
    Ok(trained)
}

/// The grid of all nodes: theirs if they agree, else that of the range of all.
fn joined(
    graph: &Graph,
    layer: &str,
    fakes: &BTreeSet<NodeId>,
    constant: &BTreeSet<NodeId>,
    evaluate: &Evaluate<'_>,
) -> Result<FakeQuantGrid, QatError> {
    let mut joined: Option<FakeQuantGrid> = None;
    for &id in fakes {
        let node = graph.node(id);
        let range = Range::of(graph, node, constant, evaluate)?;
        if range.per_channel {
            return Err(QatError::PerChannel { node: node.name.clone(), layer: layer.to_owned() });
        }
        let grid = range.of_activation(node)?;
        joined = Some(match joined {
            None => grid,
            Some(other) if other == grid => grid,
            Some(other) => {
                log::warn!(target: PASS, "layer '{layer}' reads values of several ranges; that of all of them is used");
                FakeQuantGrid::new(other.min().min(grid.min()), other.max().max(grid.max()), 8, false)
            }
        });
    }
    joined.ok_or_else(|| QatError::Input { node: layer.to_owned(), what: "with fake quantization" })
}

/// Removes all fake quantization.
fn remove(
    graph: &mut Graph,
    outputs: &Outputs,
    used: &BTreeSet<NodeId>,
    constant: &BTreeSet<NodeId>,
) -> Result<(), QatError> {
    let mut patch = Patch::new();
    let mut gone = Vec::new();
    for (id, node) in graph.nodes().filter(|(_, node)| is_fake_quant(node)) {
        let before = before(graph, id.into())?;
        patch.remove(id);
        if outputs.has_node(id) {
            let identity = NewNode::new(&node.name, op::IDENTITY, [before.into()]);
            patch.add(identity.attr("T", type_attr(DType::F32)).on(&node.device));
        }
        patch.replace_uses(id, before);
        gone.extend(node.inputs.iter().skip(1).map(|outlet| outlet.node));
        if used.contains(&id) {
            log::debug!(target: PASS, "{node}: layers quantize its value; other nodes read it as it is");
        } else {
            log::info!(target: PASS, "{node}: removed; no quantized layer reads it, so its value is no longer clipped and rounded");
        }
    }
    let mut next = graph.clone();
    next.apply(&patch)?;
    remove_dead(&mut next, gone, outputs, &|id, _| constant.contains(&id))?;
    *graph = next;
    Ok(())
}

/// The value before fake quantization, however often it is repeated.
fn before(graph: &Graph, outlet: Outlet) -> Result<Outlet, QatError> {
    let source = graph.upstream(outlet, |_, node| is_fake_quant(node).then_some(0));
    let node = graph.node(source.node);
    if is_fake_quant(node) {
        // Of a cycle there is no first value.
        let what = if node.inputs.is_empty() { "0" } else { "that does not depend on itself" };
        return Err(QatError::Input { node: node.name.clone(), what });
    }
    Ok(source)
}
