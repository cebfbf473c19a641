//! The patch of one insertion, and who each new node belongs to.

use std::collections::BTreeMap;

use amct_graph::{Consumers, Graph, NewNode, NodeId, Outlet, Patch, Source, Use};
use amct_tensor::{DType, Internal, internal};

use super::origin::Owner;
use super::places::Places;
use super::quant_key::{Quant, QuantKey};
use super::{InsertOptions, LayerQuantization};
use crate::constants::type_attr;
use crate::names::ScopeNames;

/// Collects what is inserted; the kinds of node are added in the modules beside this one.
pub(super) struct Builder<'a> {
    pub(super) graph: &'a Graph,
    pub(super) layers: &'a [LayerQuantization],
    pub(super) options: &'a InsertOptions,
    pub(super) places: Places,
    pub(super) names: ScopeNames,
    pub(super) built: Built,
    /// The dequantized value that takes the place of a layer's old end.
    pub(super) ends: BTreeMap<Outlet, Source>,
    /// Who reads what in the graph as it was.
    pub(super) consumers: Consumers,
    /// The `AscendQuant`s so far.
    pub(super) quants: BTreeMap<QuantKey, Quant>,
    /// The inputs that no longer read a float value but one of these.
    pub(super) quantized_uses: BTreeMap<Use, QuantKey>,
}

/// What comes out.
#[derive(Default)]
pub(super) struct Built {
    pub(super) patch: Patch,
    /// For each node the patch adds, in its order.
    pub(super) owners: Vec<Owner>,
    /// Where constants were read that are no longer needed.
    pub(super) replaced: Vec<NodeId>,
    pub(super) renamed: Vec<(String, String)>,
    pub(super) pools: Vec<String>,
    pub(super) relus: Vec<String>,
}

impl<'a> Builder<'a> {
    /// A layer to quantize, by its index.
    pub(super) fn layer(&self, index: usize) -> Result<&'a LayerQuantization, Internal> {
        self.layers.get(index).ok_or_else(|| internal!("layer {index} of {}", self.layers.len()))
    }

    pub(super) fn new(graph: &'a Graph, layers: &'a [LayerQuantization], options: &'a InsertOptions) -> Self {
        let names = ScopeNames::of(graph);
        let places = Places::of(graph, layers);
        Self {
            graph,
            layers,
            options,
            places,
            names,
            built: Built::default(),
            ends: BTreeMap::new(),
            consumers: graph.consumers(),
            quants: BTreeMap::new(),
            quantized_uses: BTreeMap::new(),
        }
    }

    /// Adds a node on the device of the node it belongs to.
    pub(super) fn add(&mut self, node: NewNode, owner: Owner) -> Source {
        let device = owner.node(self.layers).map(|id| &self.graph.node(id).device);
        self.built.owners.push(owner);
        self.built.patch.add(match device {
            Some(device) => node.on(device),
            None => node,
        })
    }

    /// Lets an input of an old node read a new one; what it read before may be swept away.
    pub(super) fn replace_input(&mut self, reader: NodeId, input: usize, source: Source) {
        self.built.replaced.extend(self.graph.node(reader).inputs.get(input).map(|outlet| outlet.node));
        self.built.patch.set_input(reader, input, source);
    }

    pub(super) fn finish(self) -> (Places, Built) {
        (self.places, self.built)
    }
}

/// A node with the attribute `T`, float.
pub(super) fn float_node(name: String, op: &str, inputs: impl Into<Vec<Source>>) -> NewNode {
    NewNode::new(name, op, inputs).attr("T", type_attr(DType::F32))
}
