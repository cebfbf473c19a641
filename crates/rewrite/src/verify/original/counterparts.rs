//! Which node of the quantized graph stands for which of the original.

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::{Graph, Node, NodeId, Outlet};

/// The original graph beside the quantized one.
pub(in super::super) struct Counterparts<'a> {
    pub(in super::super) graph: &'a Graph,
    /// Nodes that gave their name to an `Identity` of their dequantized value: quantized to original.
    renamed: BTreeMap<NodeId, NodeId>,
    /// Original convolutions and `BiasAdd`s whose batch norm is gone.
    folded: BTreeSet<NodeId>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    /// Name of the node, as the original graph calls it.
    pub(super) name: String,
    slot: usize,
    /// Whether a bias or a batch norm lies on the way: it may be folded, not lost.
    has_bias: bool,
}

pub(super) fn is_batch_norm(op: &str) -> bool {
    op.starts_with("FusedBatchNorm")
}

fn is_convolution(op: &str) -> bool {
    matches!(op, "Conv2D" | "DepthwiseConv2dNative")
}

impl<'a> Counterparts<'a> {
    pub(in super::super) fn new(graph: &Graph, original: &'a Graph) -> Self {
        let mut counterparts = Self { graph: original, renamed: BTreeMap::new(), folded: BTreeSet::new() };
        for (id, node) in original.nodes() {
            let Some(now) = graph.find(&node.name) else {
                if is_batch_norm(&node.op) {
                    counterparts.add_folded(id);
                }
                continue;
            };
            if graph.node(now).op == node.op {
                continue;
            }
            if is_batch_norm(&node.op) {
                counterparts.add_folded(id);
            } else if let Some(inner) = behind_dequant(graph, graph.node(now), &node.op) {
                counterparts.renamed.insert(inner, id);
            }
        }
        counterparts
    }

    /// Notes the convolution and `BiasAdd` that a vanished batch norm read.
    fn add_folded(&mut self, batch_norm: NodeId) {
        let mut id = batch_norm;
        // Two steps: through the BiasAdd to the convolution.
        for _ in 0..2 {
            let Some(outlet) = self.graph.node(id).inputs.first() else { return };
            id = outlet.node;
            let op = self.graph.node(id).op.as_str();
            if is_convolution(op) || op == "BiasAdd" {
                self.folded.insert(id);
            }
            if op != "BiasAdd" {
                return;
            }
        }
    }

    /// Whether a batch norm was folded into this node of the original graph.
    pub(super) fn is_folded(&self, id: NodeId) -> bool {
        self.folded.contains(&id)
    }

    /// Whether a node of the original graph stands behind a convolution, a `BiasAdd` apart.
    pub(super) fn is_after_layer(&self, id: NodeId) -> bool {
        let origin = origin(self.graph, id.into());
        is_convolution(&self.graph.node(origin.0.node).op)
    }

    /// The quantized graph's node for one of the original.
    pub(super) fn find(&self, graph: &Graph, original: NodeId) -> Option<NodeId> {
        let inner = self.renamed.iter().find(|(_, before)| **before == original).map(|(&now, _)| now);
        inner.or_else(|| graph.find(&self.graph.node(original).name))
    }

    /// The original's node for one of the quantized graph.
    pub(super) fn of(&self, graph: &Graph, now: NodeId) -> Option<NodeId> {
        self.renamed.get(&now).copied().or_else(|| self.graph.find(&graph.node(now).name))
    }

    /// Where a value of the original graph comes from.
    pub(super) fn origin_before(&self, outlet: Outlet) -> Origin {
        let (source, has_bias) = origin(self.graph, outlet);
        Origin { name: self.graph.node(source.node).name.clone(), slot: source.slot, has_bias }
    }

    /// Where a value of the quantized graph comes from.
    pub(super) fn origin_now(&self, graph: &Graph, outlet: Outlet) -> Origin {
        let (source, has_bias) = origin(graph, outlet);
        let name = match self.renamed.get(&source.node) {
            Some(&before) => self.graph.node(before).name.clone(),
            None => graph.node(source.node).name.clone(),
        };
        Origin { name, slot: source.slot, has_bias }
    }
}

/// Walks back over what quantization and folding add and remove, and whether a bias or batch norm
/// was among it.
pub(super) fn origin(graph: &Graph, outlet: Outlet) -> (Outlet, bool) {
    let mut outlet = outlet;
    let mut has_bias = false;
    // No chain without a cycle is longer than the graph.
    for _ in 0..graph.capacity() {
        let node = graph.node(outlet.node);
        let adds_bias = node.op == "BiasAdd" || is_batch_norm(&node.op);
        let is_amct = matches!(node.op.as_str(), "AscendQuant" | "AscendDequant" | "AscendAntiQuant");
        match node.inputs.first() {
            Some(&input) if outlet.slot == 0 && (adds_bias || is_amct || node.is_pass_through()) => {
                has_bias |= adds_bias;
                outlet = input;
            }
            _ => break,
        }
    }
    (outlet, has_bias)
}

/// The node of that op whose dequantized value an `Identity` hands on.
fn behind_dequant(graph: &Graph, node: &Node, op: &str) -> Option<NodeId> {
    let input = |node: &Node| node.inputs.first().map(|outlet| outlet.node);
    let dequant = input(node).filter(|_| node.op == "Identity")?;
    let inner = input(graph.node(dequant)).filter(|_| graph.node(dequant).op == "AscendDequant")?;
    (graph.node(inner).op == op).then_some(inner)
}
