//! Gives quantized layers back to float, as ATC does with those that it does not run in int8.
//!
//! Such a layer reads the activation that was to be quantized, as it is. Its weights stay those that
//! were quantized: `int8 * scale_w`, where `scale_w = deq_scale * scale` with the attribute of
//! `AscendQuant`, and its bias is `int32 * deq_scale`. (ATC has an operator for each that reads
//! just these values; the products are f32 here, which nobody tells.)

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::layer::ChannelLayout;
use amct_graph::op::data_input;
use amct_graph::{
    Consumers, Graph, LayerPath, NewNode, Node, NodeId, Outlet, Patch, Source, layer_paths, op,
};
use amct_tensor::{Tensor, internal};

use crate::RewriteError;
use crate::constants::constant;
use crate::evaluate::is_constant_op;
use crate::outputs::Outputs;
use crate::sweep::remove_dead;

/// Lets the layers behind these `AscendDequant`s run in float. An `AscendDequant` keeps its name and
/// hands on the layer's value; what quantized the layers and is read no more goes, as far as it is none
/// of `outputs`.
///
/// # Errors
/// [`RewriteError::Stale`] if a node is not the `AscendDequant` of a whole quantized layer, or its
/// constants do not fit each other.
pub fn roll_back(
    graph: &mut Graph,
    dequants: &BTreeSet<NodeId>,
    outputs: &[Outlet],
) -> Result<(), RewriteError> {
    let consumers = graph.consumers();
    let paths = layer_paths(graph, &consumers);
    let back = |path: &&LayerPath| path.dequant.is_some_and(|dequant| dequants.contains(&dequant));
    let found: Vec<&LayerPath> = paths.iter().filter(back).collect();
    let mut change = Change {
        graph,
        consumers: &consumers,
        patch: Patch::new(),
        handed_on: BTreeMap::new(),
        copies: BTreeMap::new(),
    };
    let nodes: BTreeSet<NodeId> =
        found.iter().flat_map(|path| path.between.iter().copied().chain([path.layer])).collect();
    for &dequant in dequants {
        if !found.iter().any(|path| path.dequant == Some(dequant)) {
            let layer = graph.get(dequant).map_or_else(String::new, |node| node.name.clone());
            return Err(stale(&layer, "it is not the AscendDequant of a quantized layer"));
        }
        change.hand_on(dequant)?;
    }
    for path in &found {
        change.layer(path, &nodes)?;
    }
    let patch = change.patch;
    let old_inputs = |id: NodeId| graph.node(id).inputs.iter().map(|outlet| outlet.node);
    let replaced = found.iter().flat_map(|path| {
        let of_layer = [Some(path.layer), path.bias, path.dequant].into_iter().flatten();
        of_layer.flat_map(old_inputs).chain(path.quant)
    });
    let replaced: Vec<NodeId> = replaced.collect();
    graph.apply(&patch)?;
    let may_go = |_: NodeId, node: &Node| {
        matches!(node.op.as_str(), op::QUANT | op::WEIGHT_QUANT | op::CAST)
            || is_constant_op(&node.op)
            || node.is_pass_through()
    };
    remove_dead(graph, replaced, &Outputs::of(outputs), &may_go)?;
    Ok(())
}

struct Change<'a> {
    graph: &'a Graph,
    consumers: &'a Consumers,
    patch: Patch,
    /// What takes the place of each `AscendDequant`.
    handed_on: BTreeMap<NodeId, Source>,
    /// Nodes between an `AscendQuant` and a layer that another layer reads too, for float.
    copies: BTreeMap<NodeId, Source>,
}

impl Change<'_> {
    /// Weights, bias and data of one layer; `nodes` are all that go back to float.
    fn layer(&mut self, path: &LayerPath, nodes: &BTreeSet<NodeId>) -> Result<(), RewriteError> {
        let graph = self.graph;
        let node = graph.node(path.layer);
        let Some(quant) = path.quant.filter(|_| path.dequant.is_some()) else {
            return Err(stale(&node.name, "its AscendQuant or AscendDequant is missing"));
        };
        let scales = self.scales(path, &node.name)?;
        if let Some(input) = path.kind.weight_input() {
            let weights = path.weights(graph);
            let weights =
                weights.ok_or_else(|| stale(&node.name, "its weights are not a constant of int8"))?;
            let inverse =
                graph.node(quant).attributes().float("scale").map_err(amct_graph::GraphError::from)?;
            let layout = path.kind.layout(weights.shape(), path.kind.is_transposed(node));
            let floats = layout.and_then(|layout| dequantized(&weights, layout, &scales, inverse));
            let floats = floats.ok_or_else(|| stale(&node.name, "its deq_scale does not fit its weights"))?;
            let source = self.patch.add(constant(format!("{}/weights", node.name), weights.shape(), floats)?);
            self.patch.set_input(path.layer, input, source);
        }
        if let Some(bias) = path.bias {
            let integers =
                path.bias_values(graph).ok_or_else(|| stale(&node.name, "its bias is not a constant"))?;
            let floats = scaled(&integers, &scales)
                .ok_or_else(|| stale(&node.name, "its deq_scale does not fit its bias"))?;
            let source = self.patch.add(constant(format!("{}/bias", node.name), [floats.len()], floats)?);
            self.patch.set_input(bias, 1, source);
        }
        self.data(path, quant, nodes)
    }

    /// Lets the layer read what the `AscendQuant` reads, through what lies between.
    fn data(
        &mut self,
        path: &LayerPath,
        quant: NodeId,
        nodes: &BTreeSet<NodeId>,
    ) -> Result<(), RewriteError> {
        let graph = self.graph;
        let real = *graph
            .node(quant)
            .inputs
            .first()
            .ok_or_else(|| stale(&graph.node(quant).name, "it has no input"))?;
        let mut source = self.handed_on.get(&real.node).copied().unwrap_or(real.into());
        // From the AscendQuant on; `between` goes backwards.
        for &id in path.between.iter().rev() {
            let node = graph.node(id);
            let input = data_input(&node.op);
            if self.consumers.all(id).all(|use_| nodes.contains(&use_.node)) {
                self.patch.set_input(id, input, source);
                source = Source::Old(Outlet::new(id, 0));
                continue;
            }
            source = match self.copies.get(&id) {
                Some(&copy) => copy,
                None => {
                    let mut inputs: Vec<Source> = node.inputs.iter().map(|&outlet| outlet.into()).collect();
                    let place = inputs.get_mut(input);
                    *place.ok_or_else(|| internal!("'{}' has no input {input}", node.name))? = source;
                    let mut copy = NewNode::new(format!("{}_float", node.name), node.op.clone(), inputs);
                    copy.attrs =
                        node.attrs.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                    let copy = self.patch.add(copy);
                    self.copies.insert(id, copy);
                    copy
                }
            };
        }
        let layer = graph.node(path.layer);
        let read = layer.inputs.get(path.kind.data_input()).map_or(0, |outlet| outlet.slot);
        // Of a Split each part has its own output.
        let source = match source {
            direct if path.between.is_empty() => direct,
            Source::Old(outlet) => Source::Old(Outlet::new(outlet.node, read)),
            Source::New(index, _) => Source::New(index, read),
        };
        self.patch.set_input(path.layer, path.kind.data_input(), source);
        Ok(())
    }

    /// Replaces an `AscendDequant` by an `Identity` of its name.
    fn hand_on(&mut self, dequant: NodeId) -> Result<(), RewriteError> {
        let node = self.graph.node(dequant);
        let source = *node.inputs.first().ok_or_else(|| stale(&node.name, "it has no input"))?;
        let mut identity = NewNode::new(node.name.clone(), op::IDENTITY, [source.into()]).on(&node.device);
        identity.attrs.extend(node.attrs.get("T").map(|dtype| ("T".to_owned(), dtype.clone())));
        let identity = self.patch.add(identity);
        self.patch.replace_uses(dequant, identity);
        self.patch.remove(dequant);
        self.handed_on.insert(dequant, identity);
        Ok(())
    }

    /// The scales of the layer's own channels; one for all if there is one.
    fn scales(&self, path: &LayerPath, layer: &str) -> Result<Vec<f32>, RewriteError> {
        let words = path.words(self.graph);
        let words = words.ok_or_else(|| stale(layer, "its deq_scale is not a constant of uint64"))?;
        let scales: Vec<f32> = words.iter().map(|word| word.scale).collect();
        if scales.len() == 1 {
            return Ok(scales);
        }
        let first = path.first_channel(self.graph);
        let own = first.and_then(|first| scales.get(first..)).filter(|own| !own.is_empty());
        own.map(<[f32]>::to_vec)
            .ok_or_else(|| stale(layer, "its channels are not among those of its deq_scale"))
    }
}

/// `value * scale` per channel; more scales than values are those of other parts of a group.
fn scaled(values: &[i32], scales: &[f32]) -> Option<Vec<f32>> {
    let scale = |channel: usize| scales.get(if scales.len() == 1 { 0 } else { channel }).copied();
    values.iter().enumerate().map(|(channel, &value)| Some(value as f32 * scale(channel)?)).collect()
}

/// The weights times scale_w of their channel.
fn dequantized(weights: &Tensor, layout: ChannelLayout, scales: &[f32], inverse: f32) -> Option<Vec<f32>> {
    if scales.len() != 1 && scales.len() < layout.channels {
        return None;
    }
    let scale = |index: usize| scales.get(if scales.len() == 1 { 0 } else { layout.channel(index) }).copied();
    let values = weights.as_slice::<i8>().ok()?.iter().enumerate();
    values.map(|(index, &w)| Some(f32::from(w) * (scale(index)? * inverse))).collect()
}

fn stale(layer: &str, problem: &'static str) -> RewriteError {
    RewriteError::Stale { layer: layer.to_owned(), problem }
}

#[cfg(test)]
mod tests;
