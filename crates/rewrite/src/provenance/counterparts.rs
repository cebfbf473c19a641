//! Which node of a quantized graph stands for which of its original: what is written about it, and where nothing is
//! written what the two graphs show.

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::op::{self, is_batch_norm, is_concat};
use amct_graph::quantized::joined_parts;
use amct_graph::{Consumers, Graph, LayerKind, Node, NodeId, Outlet, layer_paths};

use super::told::NodeOrigin;
use super::written::Written;
use crate::evaluate::evaluate;

/// The original graph beside the quantized one.
pub struct Counterparts<'a> {
    graph: &'a Graph,
    original: &'a Graph,
    /// Nodes that gave their name to an `Identity` of their dequantized value: quantized to original.
    renamed: BTreeMap<NodeId, NodeId>,
    /// Original batch norms, products and sums behind layers that are gone, with their data input.
    vanished: BTreeMap<NodeId, usize>,
    /// Original layers and `BiasAdd`s that one of those stood behind.
    folded: BTreeSet<NodeId>,
    /// New products that balance a layer: they stand between a value and its `AscendQuant`.
    balanced: BTreeSet<NodeId>,
    /// Nodes of other ops that are biases of quantized layers now.
    biases: BTreeSet<NodeId>,
    /// Original nodes that stood between a layer and one of those, and now stand behind its bias.
    reordered: BTreeSet<NodeId>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    /// Name of the node, as the original graph calls it.
    pub(crate) name: String,
    slot: usize,
    /// Whether a bias or a batch norm lies on the way: it may be folded, not lost.
    has_bias: bool,
}

impl<'a> Counterparts<'a> {
    /// By what the two graphs show: for models of others, and where nothing is written. `outputs` are the requested
    /// outputs.
    pub fn infer(graph: &'a Graph, original: &'a Graph, outputs: &[String]) -> Self {
        Self::new(graph, original, outputs, &Written::default())
    }

    /// By what the passes told, from [`compose`](super::compose()) or read from `_quant.json`. It must fit the two
    /// graphs: a node is folded if it is gone and was behind a layer, a product balances if an `AscendQuant` alone
    /// reads it. A node of which nothing is written is [inferred](Self::infer).
    pub fn told(graph: &'a Graph, original: &'a Graph, outputs: &[String], nodes: &[NodeOrigin]) -> Self {
        Self::new(graph, original, outputs, &Written::of(nodes))
    }

    fn new(graph: &'a Graph, original: &'a Graph, outputs: &[String], written: &Written<'_>) -> Self {
        let mut balanced = balancing_products(graph, original);
        balanced.retain(|&id| written.may_be_inserted(&graph.node(id).name));
        let mut counterparts = Self {
            graph,
            original,
            renamed: BTreeMap::new(),
            vanished: BTreeMap::new(),
            folded: BTreeSet::new(),
            balanced,
            biases: other_biases(graph),
            reordered: BTreeSet::new(),
        };
        for (id, node) in original.nodes() {
            let now = graph.find(&node.name);
            if counterparts.is_kept(id) {
                continue;
            }
            if let Some(input) = folded_input(original, node) {
                if written.may_be_folded(&node.name) {
                    counterparts.vanished.insert(id, input);
                }
            } else if let Some(inner) = now.and_then(|now| behind_dequant(graph, graph.node(now)))
                && (graph.node(inner).op == node.op
                    || (node.op == op::BIAS_ADD && counterparts.biases.contains(&inner)))
                && written.may_stand_for(&graph.node(inner).name, &node.name)
            {
                counterparts.renamed.insert(inner, id);
            }
        }
        // What is gone and was behind no layer has been lost, not folded.
        let candidates: Vec<NodeId> = counterparts.vanished.keys().copied().collect();
        let consumers = original.consumers();
        let requested: BTreeSet<NodeId> =
            outputs.iter().filter_map(|name| Some(original.outlet(name).ok()?.node)).collect();
        // A value that somebody else sees is not changed by what is behind it.
        let is_private = |id: NodeId| !requested.contains(&id) && consumers.all(id).nth(1).is_none();
        let lost: Vec<NodeId> = candidates
            .into_iter()
            .filter(|&id| {
                !counterparts.add_folded(id, &is_private) && !counterparts.add_in_front(&consumers, id)
            })
            .collect();
        lost.iter().for_each(|id| {
            counterparts.vanished.remove(id);
        });
        counterparts
    }

    /// Notes the layers that a vanished node alone read, and what stood between; whether there are any.
    fn add_folded(&mut self, vanished: NodeId, is_private: &dyn Fn(NodeId) -> bool) -> bool {
        let mut open = vec![vanished];
        let (mut layers, mut between) = (BTreeSet::new(), BTreeSet::new());
        // No chain without a cycle is longer than the graph.
        for _ in 0..self.original.capacity() {
            let Some(id) = open.pop() else { break };
            let node = self.original.node(id);
            let first = node.inputs.first().map(|outlet| outlet.node);
            match node.op.as_str() {
                // What only it reads: another reader would have seen its own change too.
                _ if self.vanished.contains_key(&id) && (id == vanished || is_private(id)) => {
                    let input = self.vanished.get(&id).and_then(|&input| node.inputs.get(input));
                    open.extend(input.map(|outlet| outlet.node));
                }
                _ if !is_private(id) => return false,
                op::BIAS_ADD => {
                    layers.insert(id);
                    open.extend(first);
                }
                op::BATCH_TO_SPACE_ND | op::RESHAPE if between.insert(id) => open.extend(first),
                op if is_concat(op) && between.insert(id) => {
                    let parts = joined_parts(node).map(|(parts, _)| parts).unwrap_or_default();
                    open.extend(parts.iter().map(|outlet| outlet.node));
                }
                op if LayerKind::of_op(op).is_some_and(|kind| kind.weight_input().is_some()) => {
                    layers.insert(id);
                }
                _ => return false,
            }
        }
        self.folded.extend(layers);
        self.reordered.extend(between);
        true
    }

    /// Notes the layer that alone read a vanished node, perhaps through others that vanished with
    /// it; whether there is one. The layer has a bias now, on its other side.
    fn add_in_front(&mut self, consumers: &Consumers, vanished: NodeId) -> bool {
        let mut id = vanished;
        // No chain without a cycle is longer than the graph.
        for _ in 0..self.original.capacity() {
            let Some(reader) = consumers.only(id) else { return false };
            let op = self.original.node(reader.node).op.as_str();
            if self.vanished.contains_key(&reader.node) {
                id = reader.node;
                continue;
            }
            if reader.input != 0 || !matches!(op, op::CONV2D | op::DEPTHWISE_CONV2D_NATIVE | op::MAT_MUL) {
                return false;
            }
            self.folded.insert(reader.node);
            self.reordered.insert(reader.node);
            let bias = consumers.only(reader.node).map(|behind| behind.node);
            self.folded.extend(bias.filter(|&id| self.original.node(id).op == op::BIAS_ADD));
            return true;
        }
        false
    }

    /// Whether something was folded into this node of the original graph, a layer or its `BiasAdd`.
    pub fn is_folded(&self, id: NodeId) -> bool {
        self.folded.contains(&id)
    }

    /// Whether a node of the quantized graph is a product that balances a layer.
    pub fn is_balancing(&self, now: NodeId) -> bool {
        self.balanced.contains(&now)
    }

    /// Whether a node of the quantized graph is the bias of a layer whose kind has no `BiasAdd`.
    pub(crate) fn is_bias(&self, now: NodeId) -> bool {
        self.biases.contains(&now)
    }

    /// Whether a node of the original graph was folded into a layer.
    pub(crate) fn has_vanished(&self, id: NodeId) -> bool {
        self.vanished.contains_key(&id)
    }

    /// Whether an input of the original node `reader` still has its value, where a bias may have
    /// moved from one side of a node that stays to the other.
    pub(crate) fn agree(&self, reader: NodeId, then: &Origin, now: &Origin) -> bool {
        let moved = |id| self.reordered.contains(&id);
        let may_move = moved(reader) || self.original.find(&then.name).is_some_and(moved);
        then == now || (may_move && (&then.name, then.slot) == (&now.name, now.slot))
    }

    /// Whether this is a `Relu` in the place of a `Relu6`.
    pub(crate) fn may_be_relu(&self, now: &Node) -> bool {
        let before = self.original.find(&now.name).map(|id| self.original.node(id).op.as_str());
        now.op == op::RELU && before == Some(op::RELU6)
    }

    /// The original graph.
    pub fn original(&self) -> &'a Graph {
        self.original
    }

    /// Whether the quantized graph has a node of the original under its name, with its op.
    pub fn is_kept(&self, original: NodeId) -> bool {
        let node = self.original.node(original);
        self.graph.find(&node.name).is_some_and(|now| self.graph.node(now).op == node.op)
    }

    /// The quantized graph's node for one of the original.
    pub fn find(&self, original: NodeId) -> Option<NodeId> {
        let inner = self.renamed.iter().find(|(_, before)| **before == original).map(|(&now, _)| now);
        inner.or_else(|| self.graph.find(&self.original.node(original).name))
    }

    /// The original's node for one of the quantized graph.
    pub fn of(&self, now: NodeId) -> Option<NodeId> {
        self.renamed.get(&now).copied().or_else(|| self.original.find(&self.graph.node(now).name))
    }

    /// Where a value of the original graph comes from.
    pub(crate) fn origin_before(&self, outlet: Outlet) -> Origin {
        let (source, has_bias) =
            origin(self.original, outlet, &self.vanished, &BTreeSet::new(), &BTreeSet::new());
        Origin { name: self.original.node(source.node).name.clone(), slot: source.slot, has_bias }
    }

    /// Where a value of the quantized graph comes from.
    pub(crate) fn origin_now(&self, outlet: Outlet) -> Origin {
        let (source, has_bias) = origin(self.graph, outlet, &BTreeMap::new(), &self.balanced, &self.biases);
        let name = match self.renamed.get(&source.node) {
            Some(&before) => self.original.node(before).name.clone(),
            None => self.graph.node(source.node).name.clone(),
        };
        Origin { name, slot: source.slot, has_bias }
    }
}

/// Walks back over what quantization and folding add and remove, and whether a bias or batch norm
/// was among it. `vanished` are nodes of this graph that were folded, with their data inputs,
/// `balanced` its products that balance a layer, `biases` its sums that are the bias of one.
fn origin(
    graph: &Graph,
    outlet: Outlet,
    vanished: &BTreeMap<NodeId, usize>,
    balanced: &BTreeSet<NodeId>,
    biases: &BTreeSet<NodeId>,
) -> (Outlet, bool) {
    let mut has_bias = false;
    let source = graph.upstream(outlet, |outlet, node| {
        let folded = vanished.get(&outlet.node);
        // A product adds nothing.
        let adds_bias = node.op == op::BIAS_ADD
            || biases.contains(&outlet.node)
            || is_batch_norm(&node.op)
            || (folded.is_some() && node.op != op::MUL);
        let is_transparent = folded.is_some()
            || adds_bias
            || matches!(node.op.as_str(), op::QUANT | op::DEQUANT | op::ANTI_QUANT)
            || balanced.contains(&outlet.node)
            || node.is_pass_through();
        let input = folded.copied().unwrap_or(0);
        let goes_on = outlet.slot == 0 && is_transparent && input < node.inputs.len();
        has_bias |= goes_on && adds_bias;
        goes_on.then_some(input)
    });
    (source, has_bias)
}

/// The data input of a node of a kind that folding removes.
fn folded_input(graph: &Graph, node: &Node) -> Option<usize> {
    match (node.op.as_str(), node.inputs.as_slice()) {
        (op, _) if is_batch_norm(op) => Some(0),
        (op::MUL | op::ADD | op::ADD_V2 | op::SUB, &[a, b]) => {
            match (evaluate(graph, a).is_some(), evaluate(graph, b).is_some()) {
                (true, false) => Some(1),
                (false, true) => Some(0),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The node whose dequantized value an `Identity` hands on.
fn behind_dequant(graph: &Graph, node: &Node) -> Option<NodeId> {
    let input = |node: &Node| node.inputs.first().map(|outlet| outlet.node);
    let dequant = input(node).filter(|_| node.op == op::IDENTITY)?;
    input(graph.node(dequant)).filter(|_| graph.node(dequant).op == op::DEQUANT)
}

/// The sums that are the bias of a quantized layer of a kind that has no `BiasAdd`.
fn other_biases(graph: &Graph) -> BTreeSet<NodeId> {
    let biases = layer_paths(graph, &graph.consumers()).into_iter().filter_map(|path| path.bias);
    biases.filter(|&id| graph.node(id).op != op::BIAS_ADD).collect()
}

/// The products of a value with a constant that the original graph does not have, and that lead to
/// `AscendQuant` only.
fn balancing_products(graph: &Graph, original: &Graph) -> BTreeSet<NodeId> {
    let consumers = graph.consumers();
    let feeds_quant = |id: NodeId| {
        let mut readers = consumers.all(id).peekable();
        readers.peek().is_some() && readers.all(|reader| graph.node(reader.node).op == op::QUANT)
    };
    let has_factor = |node: &Node| matches!(node.inputs.as_slice(), [_, factor] if graph.node(factor.node).op == op::CONST);
    graph
        .nodes()
        .filter(|(id, node)| node.op == op::MUL && has_factor(node) && feeds_quant(*id))
        .filter(|(_, node)| original.find(&node.name).is_none())
        .map(|(id, _)| id)
        .collect()
}
