//! Fake quantization of constants.

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::{AttrValue, Graph, LayerKind, NewNode, Node, NodeId, Outlet, Patch, TensorLiteral, op};
use amct_tensor::Tensor;

use super::constant;
use super::range::Range;
use super::trace::keeps_steps;
use super::{QatError, is_fake_quant};
use crate::constants::type_attr;
use crate::outputs::Outputs;
use crate::pass::Evaluate;
use crate::sweep::remove_dead;

/// The weights of a layer as training has rounded them, before anything is folded into them.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedWeights {
    /// The weights, in the layout that the layer reads.
    pub values: Tensor,
    /// For each weight the distance to the next step of its grid; `None` if more happens to the
    /// rounded weights than moving and scaling them.
    pub steps: Option<Tensor>,
}

/// Replaces fake quantization of constants by the constants it makes, and tells what it made of
/// the layers' weights, by layer. A constant has the name of the node it replaces.
///
/// # Errors
/// [`QatError`]; the graph is then unchanged.
pub fn take_weights(
    graph: &mut Graph,
    outputs: &[String],
    evaluate: &Evaluate<'_>,
) -> Result<BTreeMap<String, TrainedWeights>, QatError> {
    let outputs = Outputs::resolve(graph, outputs)?;
    let constant = constant::nodes(graph)?;
    let search = Search { graph, constant: &constant, evaluate };
    let fakes = search.fakes()?;
    let mut patch = Patch::new();
    let mut gone = Vec::new();
    for &id in &fakes {
        let node = graph.node(id);
        let value = search.value(node, id.into())?;
        patch.remove(id);
        let new = patch.add(constant_node(&node.name, &value).on(&node.device));
        patch.replace_uses(id, new);
        gone.extend(node.inputs.iter().map(|outlet| outlet.node));
    }
    let stepped = search.with_steps(&fakes)?;
    let mut trained = BTreeMap::new();
    for (id, node) in graph.nodes() {
        let input = LayerKind::of_op(&node.op).and_then(LayerKind::weight_input);
        let Some((input, &outlet)) = input.and_then(|input| Some((input, node.inputs.get(input)?))) else {
            continue;
        };
        let Some(way) = search.way_to_fake_quant(outlet) else { continue };
        let values = search.value(node, outlet)?;
        search.check_bits(&way)?;
        let steps = if way.keeps_steps { search.steps(&stepped, node, outlet)? } else { None };
        if !way.is_direct {
            let name = format!("{}_evaluated", graph.node(outlet.node).name);
            let new = patch.add(constant_node(&name, &values).on(&node.device));
            patch.set_input(id, input, new);
            gone.push(outlet.node);
        }
        trained.insert(node.name.clone(), TrainedWeights { values, steps });
    }
    let mut next = graph.clone();
    next.apply(&patch)?;
    remove_dead(&mut next, gone, &outputs, &|id, node| node.op == op::CONST || constant.contains(&id))?;
    *graph = next;
    Ok(trained)
}

fn constant_node(name: &str, value: &Tensor) -> NewNode {
    NewNode::new(name, op::CONST, [])
        .attr("dtype", type_attr(value.dtype()))
        .attr("value", AttrValue::tensor(TensorLiteral::encode(value)))
}

/// What lies between a layer's weights and their fake quantization.
struct Way {
    /// Identities only.
    is_direct: bool,
    keeps_steps: bool,
    fakes: Vec<NodeId>,
}

struct Search<'a> {
    graph: &'a Graph,
    constant: &'a BTreeSet<NodeId>,
    evaluate: &'a Evaluate<'a>,
}

impl Search<'_> {
    /// The fake quantization of constants.
    fn fakes(&self) -> Result<Vec<NodeId>, QatError> {
        let mut fakes = Vec::new();
        for (id, node) in self.graph.nodes().filter(|(_, node)| is_fake_quant(node)) {
            if self.constant.contains(&id) {
                fakes.push(id);
            } else if node.inputs.first().is_some_and(|data| self.constant.contains(&data.node)) {
                return Err(QatError::RangeNotConstant { node: node.name.clone() });
            }
        }
        Ok(fakes)
    }

    /// Whether int8 has the steps of weights.
    fn check_bits(&self, way: &Way) -> Result<(), QatError> {
        for &id in &way.fakes {
            let node = self.graph.node(id);
            let found = Range::of(self.graph, node, self.constant, self.evaluate)?.num_bits;
            if found > 8 {
                let (what, accepted) = ("weights", "2 to 8");
                return Err(QatError::Bits { node: node.name.clone(), found, what, accepted });
            }
        }
        Ok(())
    }

    /// The value of an outlet that `reader` reads, or is.
    fn value(&self, reader: &Node, outlet: Outlet) -> Result<Tensor, QatError> {
        (self.evaluate)(self.graph, outlet)
            .map_err(|error| QatError::Evaluation { node: reader.name.clone(), error })
    }

    /// Whether constant weights depend on fake quantization, and how.
    fn way_to_fake_quant(&self, weights: Outlet) -> Option<Way> {
        if !self.constant.contains(&weights.node) {
            return None;
        }
        let mut way = Way { is_direct: true, keeps_steps: true, fakes: Vec::new() };
        let (mut seen, mut open) = (BTreeSet::new(), vec![weights.node]);
        while let Some(id) = open.pop() {
            let node = self.graph.node(id);
            if !seen.insert(id) || node.op == op::CONST {
                continue;
            }
            if is_fake_quant(node) {
                way.fakes.push(id);
                continue;
            }
            way.is_direct &= node.is_pass_through();
            way.keeps_steps &= keeps_steps(node);
            open.extend(node.inputs.iter().map(|outlet| outlet.node));
        }
        (!way.fakes.is_empty()).then_some(way)
    }

    /// The graph with the steps of constants' grids in place of the constants' values.
    fn with_steps(&self, fakes: &[NodeId]) -> Result<Graph, QatError> {
        let mut patch = Patch::new();
        for &id in fakes {
            let node = self.graph.node(id);
            let range = Range::of(self.graph, node, self.constant, self.evaluate)?;
            let data = *node.inputs.first().ok_or(QatError::Input { node: node.name.clone(), what: "0" })?;
            let shape = self.value(node, data)?.shape().to_vec();
            let scales: Vec<f32> = range.grids.iter().map(|grid| grid.scale).collect();
            let len = shape.iter().product();
            let misfit = || {
                let (ranges, shape) = (scales.len(), shape.clone());
                QatError::Channels { node: node.name.clone(), ranges, shape }
            };
            if range.per_channel && shape.last() != Some(&scales.len()) {
                return Err(misfit());
            }
            let steps = scales.iter().copied().cycle().take(len).collect();
            let steps = Tensor::from_vec::<f32>(shape.as_slice(), steps).map_err(|_| misfit())?;
            let new = patch.add(constant_node(&format!("{}/steps", node.name), &steps));
            patch.replace_uses(id, new);
        }
        let mut stepped = self.graph.clone();
        stepped.apply(&patch)?;
        Ok(stepped)
    }

    /// The steps of a layer's weights.
    fn steps(&self, stepped: &Graph, layer: &Node, outlet: Outlet) -> Result<Option<Tensor>, QatError> {
        // What was read from fake quantization itself is read from its steps now.
        let id = stepped.find(&layer.name);
        let input = LayerKind::of_op(&layer.op).and_then(LayerKind::weight_input);
        let now = id.zip(input).and_then(|(id, input)| stepped.node(id).inputs.get(input).copied());
        let steps = (self.evaluate)(stepped, now.unwrap_or(outlet))
            .map_err(|error| QatError::Evaluation { node: layer.name.clone(), error })?;
        let Ok(values) = steps.as_slice::<f32>() else { return Ok(None) };
        Ok(Tensor::from_vec(steps.shape(), values.iter().map(|step| step.abs()).collect()).ok())
    }
}
