//! Writing what was found into the graph.

use amct_graph::{AttrValue, Graph, NewNode, NodeId, Patch, Source, op};
use amct_tensor::{DType, internal};

use super::in_front::InFront;
use super::pattern::{Found, Part};
use super::{FoldedGroup, Through};
use crate::RewriteError;
use crate::constants::{constant, type_attr};
use crate::names::ScopeNames;
use crate::outputs::Outputs;
use crate::sweep::remove_dead_constants;

/// All steps of one round, collected into one patch.
pub(super) struct Rewrite<'a> {
    graph: &'a Graph,
    outputs: &'a Outputs,
    names: ScopeNames,
    patch: Patch,
    groups: Vec<FoldedGroup>,
    /// Where the constants were read that are no longer needed.
    replaced: Vec<NodeId>,
}

impl<'a> Rewrite<'a> {
    pub(super) fn new(graph: &'a Graph, outputs: &'a Outputs) -> Self {
        Self {
            graph,
            outputs,
            names: ScopeNames::of(graph),
            patch: Patch::new(),
            groups: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// Adds a step to the patch.
    pub(super) fn add(&mut self, found: Found) -> Result<(), RewriteError> {
        let graph = self.graph;
        let Found { step, parts, through } = found;
        let end = graph.node(step.end);
        let name = |id: NodeId| graph.node(id).name.clone();
        let removed: Vec<String> = step.inner.iter().chain([&step.end]).map(|&id| name(id)).collect();
        self.replaced.extend(&step.constants);

        let mut source = Source::from(step.data);
        for part in parts {
            let layer = part.layer;
            let (original, bias_add) = (part.bias_add.map(name), self.fold_into(part, &end.device)?);
            let mut group = FoldedGroup {
                layer: name(layer),
                bias_add: original.clone().or_else(|| bias_add.as_ref().map(|(_, name)| name.clone())),
                original: [name(layer)].into_iter().chain(original).collect(),
                through: None,
            };
            match (through, bias_add) {
                (Some(_), Some((bias_add, _))) => self.patch.replace_uses(layer, bias_add),
                (None, Some((bias_add, _))) => source = bias_add,
                _ => {}
            }
            match through {
                Some(node) => group.through = Some(Through { node: name(node), folded: removed.clone() }),
                None => group.original.extend(removed.iter().cloned()),
            }
            self.groups.push(group);
        }

        self.patch.replace_uses(step.end, source);
        step.inner.iter().chain([&step.end]).for_each(|&id| self.patch.remove(id));
        if self.outputs.has_node(step.end) {
            let stand_in = NewNode::new(end.name.clone(), op::IDENTITY, [source])
                .attr("T", type_attr(DType::F32))
                .on(&end.device);
            self.patch.add(stand_in);
        }
        Ok(())
    }

    /// Adds a batch norm in front of a layer to the patch; it must be the patch's only step.
    pub(super) fn add_in_front(&mut self, found: InFront) -> Result<(), RewriteError> {
        let graph = self.graph;
        let InFront { step, part } = found;
        let (layer, old_bias) = (part.layer, part.bias_add);
        let name = |id: NodeId| graph.node(id).name.clone();
        let norm: Vec<String> = step.inner.iter().chain([&step.end]).map(|&id| name(id)).collect();
        self.replaced.extend(&step.constants);
        let new_bias = self.fold_into(part, &graph.node(layer).device)?;
        if let Some((source, _)) = new_bias {
            self.patch.replace_uses(layer, source);
        }
        self.patch.set_input(layer, 0, step.data);
        step.inner.iter().chain([&step.end]).for_each(|&id| self.patch.remove(id));
        let mut group = FoldedGroup {
            layer: name(layer),
            bias_add: None,
            original: [layer].into_iter().chain(old_bias).map(name).collect(),
            through: None,
        };
        group.prepend(norm, old_bias.map(name).or(new_bias.map(|(_, name)| name)));
        self.groups.push(group);
        Ok(())
    }

    /// Gives a layer its new weights and bias; a `BiasAdd` that did not exist, with its name.
    fn fold_into(&mut self, part: Part, device: &str) -> Result<Option<(Source, String)>, RewriteError> {
        if let Some(weights) = part.folded.weights {
            self.replace_constant(part.layer, part.weight_shape, weights)?;
        }
        let Some(bias) = part.folded.bias else { return Ok(None) };
        if let Some(id) = part.bias_add {
            self.replace_constant(id, [bias.len()], bias)?;
            return Ok(None);
        }
        let scope = self.names.scope(&self.graph.node(part.layer).name, "bias_add");
        let name = format!("{scope}/BiasAdd");
        let bias = self.patch.add(constant(format!("{scope}/bias"), [bias.len()], bias)?.on(device));
        let node = NewNode::new(name.clone(), op::BIAS_ADD, [part.layer.into(), bias])
            .attr("T", type_attr(DType::F32))
            .attr("data_format", AttrValue::string(part.format.name()))
            .on(device);
        Ok(Some((self.patch.add(node), name)))
    }

    /// Lets input 1 of a node read a new constant.
    fn replace_constant(
        &mut self,
        reader: NodeId,
        shape: impl Into<Vec<usize>>,
        data: Vec<f32>,
    ) -> Result<(), RewriteError> {
        let node = self.graph.node(reader);
        let &old =
            node.inputs.get(1).ok_or_else(|| internal!("{node} is folded into, and has no input 1"))?;
        let named = self.graph.node(self.graph.constant_node(old).unwrap_or(old.node));
        let base = named.name.strip_suffix("_folded").unwrap_or(&named.name);
        let new = constant(format!("{base}_folded"), shape, data)?.on(&named.device);
        let new = self.patch.add(new);
        self.patch.set_input(reader, 1, new);
        self.replaced.push(old.node);
        Ok(())
    }

    /// The graph with the patch applied and what it left without readers cleared away; the groups
    /// are added to those of the rounds before.
    pub(super) fn finish(self, groups: &mut Vec<FoldedGroup>) -> Result<Graph, RewriteError> {
        let mut graph = self.graph.clone();
        graph.apply(&self.patch)?;
        remove_dead_constants(&mut graph, self.replaced, self.outputs)?;
        for new in self.groups {
            let norm =
                new.original.iter().take_while(|name| **name != new.layer).cloned().collect::<Vec<_>>();
            match groups.iter_mut().find(|group| group.layer == new.layer) {
                Some(group) if !norm.is_empty() => group.prepend(norm, new.bias_add),
                Some(group) => group.append(new),
                None => groups.push(new),
            }
        }
        Ok(graph)
    }
}
