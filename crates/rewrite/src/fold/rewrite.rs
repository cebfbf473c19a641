//! Writing folded groups into the graph.

use amct_graph::{AttrValue, Graph, NewNode, NodeId, Patch, Source};
use amct_tensor::DType;

use super::FoldedGroup;
use super::pattern::Found;
use crate::RewriteError;
use crate::constants::{constant, type_attr};
use crate::names::ScopeNames;
use crate::outputs::Outputs;
use crate::sweep::remove_dead_constants;

/// All groups of one pass, collected into one patch.
pub(super) struct Rewrite<'a> {
    graph: &'a Graph,
    outputs: &'a Outputs,
    names: ScopeNames,
    patch: Patch,
    groups: Vec<FoldedGroup>,
    /// Where the constants were read that the groups no longer need.
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

    /// Adds a group to the patch.
    pub(super) fn add(&mut self, found: Found) -> Result<(), RewriteError> {
        let graph = self.graph;
        let layer = graph.node(found.convolution);
        let norm = graph.node(found.batch_norm);
        self.replaced.extend(norm.inputs.iter().skip(1).map(|outlet| outlet.node));
        self.replace_constant(found.convolution, found.weight_shape, found.folded.weights)?;

        let bias = found.folded.bias;
        let mut original = vec![layer.name.clone()];
        let (end, bias_name) = match found.bias_add {
            Some(id) => {
                self.replace_constant(id, [bias.len()], bias)?;
                let name = graph.node(id).name.clone();
                original.push(name.clone());
                (Source::from(id), name)
            }
            None => {
                let scope = self.names.scope(&layer.name, "bias_add");
                let name = format!("{scope}/BiasAdd");
                let bias = constant(format!("{scope}/bias"), [bias.len()], bias)?.on(&norm.device);
                let bias = self.patch.add(bias);
                let node = NewNode::new(name.clone(), "BiasAdd", [found.convolution.into(), bias])
                    .attr("T", type_attr(DType::F32))
                    .attr("data_format", AttrValue::string(found.format.name()))
                    .on(&norm.device);
                (self.patch.add(node), name)
            }
        };
        original.push(norm.name.clone());

        self.patch.replace_uses(found.batch_norm, end);
        self.patch.remove(found.batch_norm);
        if self.outputs.has_node(found.batch_norm) {
            let stand_in = NewNode::new(norm.name.clone(), "Identity", [end])
                .attr("T", type_attr(DType::F32))
                .on(&norm.device);
            self.patch.add(stand_in);
        }
        self.groups.push(FoldedGroup { layer: layer.name.clone(), bias_add: bias_name, original });
        Ok(())
    }

    /// Lets input 1 of a node read a new constant.
    fn replace_constant(
        &mut self,
        reader: NodeId,
        shape: impl Into<Vec<usize>>,
        data: Vec<f32>,
    ) -> Result<(), RewriteError> {
        let Some(&old) = self.graph.node(reader).inputs.get(1) else { return Ok(()) };
        let named = self.graph.node(self.graph.constant_node(old).unwrap_or(old.node));
        let new = constant(format!("{}_folded", named.name), shape, data)?.on(&named.device);
        let new = self.patch.add(new);
        self.patch.set_input(reader, 1, new);
        self.replaced.push(old.node);
        Ok(())
    }

    /// Applies the patch and clears away what it left without readers.
    pub(super) fn finish(self, graph: &mut Graph) -> Result<Vec<FoldedGroup>, RewriteError> {
        graph.apply(&self.patch)?;
        remove_dead_constants(graph, self.replaced, self.outputs)?;
        Ok(self.groups)
    }
}
