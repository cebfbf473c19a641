//! What all rules look at: the graph, its quantized layers, the float graph; and the list of findings.

use amct_graph::{AttrValue, Consumers, Graph, LayerPath, Node, NodeId, TensorLiteral, layer_paths, op};

use super::{Rule, Severity, Shapes, Violation};
use crate::provenance::Counterparts;

/// What the rules look at.
pub(super) struct Context<'a> {
    pub(super) graph: &'a Graph,
    /// The float graph, if one is given.
    pub(super) original: Option<Counterparts<'a>>,
    pub(super) outputs: &'a [String],
    pub(super) consumers: Consumers,
    /// The quantized layers, complete or not.
    pub(super) paths: Vec<LayerPath>,
    /// Shapes, as far as they are known.
    pub(super) shapes: Shapes,
}

impl<'a> Context<'a> {
    pub(super) fn new(graph: &'a Graph, original: Option<Counterparts<'a>>, outputs: &'a [String]) -> Self {
        let consumers = graph.consumers();
        let paths = layer_paths(graph, &consumers);
        Self { graph, original, outputs, consumers, paths, shapes: Shapes::new() }
    }

    /// The nodes of one op.
    pub(super) fn of_op(&self, op: &str) -> impl Iterator<Item = (NodeId, &'a Node)> {
        self.graph.nodes().filter(move |(_, node)| node.op == op)
    }

    /// The node that input `input` of `node` reads.
    pub(super) fn input(&self, node: &Node, input: usize) -> Option<(NodeId, &'a Node)> {
        let id = node.inputs.get(input)?.node;
        Some((id, self.graph.node(id)))
    }

    /// The name of what is there, for messages.
    pub(super) fn describe_input(&self, node: &Node, input: usize) -> String {
        self.input(node, input).map_or_else(|| "nothing".to_owned(), |(_, node)| node.to_string())
    }

    /// The value of a `Const` that input `input` of `node` reads directly.
    pub(super) fn direct_constant(&self, node: &Node, input: usize) -> Option<&'a TensorLiteral> {
        literal(self.input(node, input)?.1)
    }

    /// The quantized layer whose `AscendDequant` this is.
    pub(super) fn path_of_dequant(&self, dequant: NodeId) -> Option<&LayerPath> {
        self.paths.iter().find(|path| path.dequant == Some(dequant))
    }
}

/// The value of a `Const` node.
pub(super) fn literal(node: &Node) -> Option<&TensorLiteral> {
    match node.attrs.get("value") {
        Some(AttrValue::Tensor(literal)) if node.op == op::CONST => Some(literal),
        _ => None,
    }
}

/// Collects violations of the rule at hand.
#[derive(Default)]
pub(super) struct Findings {
    rule: Option<Rule>,
    pub(super) violations: Vec<Violation>,
}

impl Findings {
    pub(super) fn start(&mut self, rule: &Rule) {
        self.rule = Some(*rule);
    }

    /// A violation with the severity of its rule.
    pub(super) fn add(&mut self, node: &str, found: impl Into<String>, expected: impl Into<String>) {
        if let Some(rule) = self.rule {
            self.add_as(rule.severity, node, found, expected);
        }
    }

    /// A violation with a severity of its own.
    pub(super) fn add_as(
        &mut self,
        severity: Severity,
        node: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) {
        let Some(Rule { number: rule, title, protects, .. }) = self.rule else { return };
        let (found, expected) = (found.into(), expected.into());
        let node = node.to_owned();
        self.violations.push(Violation { rule, title, protects, node, found, expected, severity });
    }
}
