//! The graph itself: nodes by id and name, and questions about them. It changes by patches only.

use std::collections::HashMap;
use std::sync::Arc;

use amct_tensor::Tensor;
use bytes::Bytes;

use crate::{Consumers, GraphError, Node, NodeId, Outlet, op};

/// A graph of nodes, with what else its file carried.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Nodes by place; a removed node leaves a hole.
    pub(crate) slots: Vec<Option<Arc<Node>>>,
    /// Looked up, never iterated.
    pub(crate) by_name: HashMap<String, NodeId>,
    pub(crate) meta: GraphMeta,
}

/// What a graph's file carries besides nodes; kept encoded, never looked at.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GraphMeta {
    /// The file's message with everything but its nodes and its library.
    pub carried: Bytes,
    /// The file's library of functions.
    pub library: Option<Bytes>,
    /// Names of the functions in the library, in its order.
    pub functions: Vec<String>,
}

impl Graph {
    /// A graph of nodes whose inputs are given as GraphDef writes them: `name`, `name:slot` or
    /// `^name` for a control input. A leading `^`-less name may stand before or after its node.
    ///
    /// # Errors
    /// [`GraphError::DuplicateName`], [`GraphError::UnknownInput`].
    pub fn from_named(
        nodes: impl IntoIterator<Item = (Node, Vec<String>)>,
        meta: GraphMeta,
    ) -> Result<Self, GraphError> {
        let mut graph = Graph { meta, ..Graph::default() };
        let nodes: Vec<(Node, Vec<String>)> = nodes.into_iter().collect();
        for (index, (node, _)) in nodes.iter().enumerate() {
            if graph.by_name.insert(node.name.clone(), NodeId(index as u32)).is_some() {
                return Err(GraphError::DuplicateName(node.name.clone()));
            }
        }
        for (mut node, inputs) in nodes {
            for input in inputs {
                let unknown = || GraphError::UnknownInput { node: node.name.clone(), input: input.clone() };
                if let Some(name) = input.strip_prefix('^') {
                    let control = *graph.by_name.get(name).ok_or_else(unknown)?;
                    node.controls.push(control);
                } else {
                    let outlet = graph.parse_outlet(&input).ok_or_else(unknown)?;
                    node.inputs.push(outlet);
                }
            }
            graph.slots.push(Some(Arc::new(node)));
        }
        Ok(graph)
    }

    /// What the file carries besides nodes.
    pub fn meta(&self) -> &GraphMeta {
        &self.meta
    }

    /// The node at a place this graph handed out.
    ///
    /// # Panics
    /// If the node has been removed since: ids are not kept across patches that remove them.
    pub fn node(&self, id: NodeId) -> &Node {
        match self.get(id) {
            Some(node) => node,
            None => panic!("node {} has been removed", id.0),
        }
    }

    /// The node at a place, if it is still there.
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.slots.get(id.index()).and_then(Option::as_deref)
    }

    /// All nodes in the order of the file; added ones at the end.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.slots
            .iter()
            .enumerate()
            .filter_map(|(index, slot)| slot.as_deref().map(|node| (NodeId(index as u32), node)))
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One more than the largest [`NodeId::index`], for side tables.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// The place of the node of that name.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.by_name.get(name).copied()
    }

    /// The outlet that `name` or `name:slot` means.
    ///
    /// # Errors
    /// [`GraphError::UnknownNode`] with the nearest names.
    pub fn outlet(&self, name: &str) -> Result<Outlet, GraphError> {
        self.parse_outlet(name).ok_or_else(|| GraphError::UnknownNode {
            name: name.to_owned(),
            nearest: self.nearest_names(name),
        })
    }

    /// `name` for output 0, `name:slot` for the others, as GraphDef writes inputs.
    pub fn outlet_name(&self, outlet: Outlet) -> String {
        let name = &self.node(outlet.node).name;
        if outlet.slot == 0 { name.clone() } else { format!("{name}:{}", outlet.slot) }
    }

    fn parse_outlet(&self, text: &str) -> Option<Outlet> {
        if let Some(id) = self.find(text) {
            return Some(id.into());
        }
        let (name, slot) = text.rsplit_once(':')?;
        Some(Outlet::new(self.find(name)?, slot.parse().ok()?))
    }

    /// Up to three names most like `name`.
    fn nearest_names(&self, name: &str) -> Vec<String> {
        let mut scored: Vec<(f64, &str)> = self
            .nodes()
            .map(|(_, node)| (strsim::jaro_winkler(name, &node.name), node.name.as_str()))
            .filter(|(score, _)| *score > 0.7)
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
    }

    /// A name that is still free: `wanted`, or with the first `_1`, `_2`, ... that is.
    pub fn free_name(&self, wanted: &str) -> String {
        let candidates = (1_u32..).map(|n| format!("{wanted}_{n}"));
        std::iter::once(wanted.to_owned())
            .chain(candidates)
            .find(|name| !self.by_name.contains_key(name))
            .unwrap_or_else(|| wanted.to_owned())
    }

    /// Who reads what.
    pub fn consumers(&self) -> Consumers {
        Consumers::of_graph(self)
    }

    /// The `Const` node behind an outlet, looking through `Identity` and its kin.
    pub fn constant_node(&self, outlet: Outlet) -> Option<NodeId> {
        let source = self.source(outlet).node;
        self.get(source).filter(|node| node.op == op::CONST).map(|_| source)
    }

    /// The value of the constant behind an outlet; `None` if it is not constant.
    ///
    /// # Errors
    /// If there is a constant that cannot be decoded.
    pub fn constant(&self, outlet: Outlet) -> Result<Option<Tensor>, GraphError> {
        self.constant_node(outlet).map(|id| self.decode_const(id)).transpose()
    }

    /// The value of a `Const` node.
    ///
    /// # Errors
    /// If its `value` is missing or cannot be decoded.
    pub fn decode_const(&self, id: NodeId) -> Result<Tensor, GraphError> {
        let node = self.node(id);
        let literal = node.attributes().tensor("value")?;
        literal.decode().map_err(|error| GraphError::Constant { node: node.name.clone(), error })
    }

    /// The nodes that are fed from outside: `Placeholder` and `PlaceholderWithDefault`.
    pub fn placeholders(&self) -> Vec<NodeId> {
        let is_input =
            |op: &str| matches!(op, op::PLACEHOLDER | op::PLACEHOLDER_WITH_DEFAULT | op::PLACEHOLDER_V2);
        self.nodes().filter(|(_, node)| is_input(&node.op)).map(|(id, _)| id).collect()
    }

    /// The nodes nobody reads, constants and operations without output aside.
    pub fn leaves(&self) -> Vec<NodeId> {
        let consumers = self.consumers();
        let without_output =
            |op: &str| matches!(op, op::CONST | op::NO_OP | op::ASSERT | op::SAVE_V2 | op::PLACEHOLDER);
        self.nodes()
            .filter(|(id, node)| {
                !without_output(&node.op)
                    && consumers.all(*id).next().is_none()
                    && consumers.controlled_by(*id).is_empty()
            })
            .map(|(id, _)| id)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AttrValue, TensorLiteral};

    fn node(name: &str, op: &str) -> Node {
        Node { name: name.into(), op: op.into(), ..Node::default() }
    }

    fn sample() -> Graph {
        let mut constant = node("w", "Const");
        let value = TensorLiteral::encode(&Tensor::vector(vec![1.0_f32, 2.0]));
        constant.attrs.insert("value".into(), AttrValue::tensor(value));
        Graph::from_named(
            [
                (node("y", "Add"), vec!["x".into(), "w/read".into(), "^side".into()]),
                (constant, vec![]),
                (node("w/read", "Identity"), vec!["w:0".into()]),
                (node("x", "Placeholder"), vec![]),
                (node("side", "NoOp"), vec![]),
                (node("top", "TopKV2"), vec!["y".into()]),
                (node("second", "Identity"), vec!["top:1".into()]),
            ],
            GraphMeta::default(),
        )
        .unwrap()
    }

    #[test]
    fn inputs_are_resolved_in_every_spelling() {
        let graph = sample();
        let y = graph.node(graph.find("y").unwrap());
        assert_eq!(y.inputs.len(), 2);
        assert_eq!(y.controls, [graph.find("side").unwrap()]);
        let second = graph.node(graph.find("second").unwrap());
        assert_eq!(graph.outlet_name(second.inputs[0]), "top:1");
        assert_eq!(graph.outlet("w:0").unwrap(), graph.find("w").unwrap().into());
    }

    #[test]
    fn a_constant_is_seen_through_identities() {
        let graph = sample();
        let value = graph.constant(graph.outlet("w/read").unwrap()).unwrap().unwrap();
        assert_eq!(value.as_slice::<f32>().unwrap(), [1.0, 2.0]);
        assert_eq!(graph.constant(graph.outlet("x").unwrap()).unwrap(), None);
    }

    #[test]
    fn placeholders_and_leaves_are_found() {
        let graph = sample();
        let name = |ids: Vec<NodeId>| -> Vec<String> {
            ids.into_iter().map(|id| graph.node(id).name.clone()).collect()
        };
        assert_eq!(name(graph.placeholders()), ["x"]);
        assert_eq!(name(graph.leaves()), ["second"]);
    }

    #[test]
    fn unknown_and_duplicate_names_are_errors() {
        let graph = sample();
        let Err(GraphError::UnknownNode { nearest, .. }) = graph.outlet("secnd") else { panic!() };
        assert_eq!(nearest, ["second"]);
        let twice = [(node("a", "NoOp"), vec![]), (node("a", "NoOp"), vec![])];
        let error = Graph::from_named(twice, GraphMeta::default()).unwrap_err();
        assert_eq!(error, GraphError::DuplicateName("a".into()));
        let missing = [(node("a", "Relu"), vec!["b".to_owned()])];
        assert!(matches!(
            Graph::from_named(missing, GraphMeta::default()),
            Err(GraphError::UnknownInput { .. })
        ));
    }

    #[test]
    fn a_free_name_gets_a_number_only_if_taken() {
        let graph = sample();
        assert_eq!(graph.free_name("z"), "z");
        assert_eq!(graph.free_name("y"), "y_1");
    }
}
