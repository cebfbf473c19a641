//! Changes to a graph: described as a value, checked, then applied as a whole or not at all.

use std::collections::BTreeSet;
use std::sync::Arc;

use amct_tensor::internal;

use crate::{AttrValue, Graph, GraphError, Node, NodeId, Outlet};

/// A change to a graph, as a value: described first, then applied whole or not at all.
///
/// A patch adds nodes, rewires inputs, replaces all uses of an outlet, sets control inputs, sets and drops
/// attributes, sets ops, renames and removes nodes. Its steps are done in that order of kinds (adding first,
/// removing last), so `replace_uses` moves the readers that the graph had *before* the patch and never the
/// nodes the patch adds.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    added: Vec<NewNode>,
    replaced: Vec<(Outlet, Source)>,
    rewired: Vec<(NodeId, usize, Source)>,
    appended: Vec<(NodeId, Source)>,
    controls: Vec<(NodeId, Vec<NodeId>)>,
    attributes: Vec<(NodeId, String, AttrValue)>,
    dropped: Vec<(NodeId, String)>,
    ops: Vec<(NodeId, String)>,
    renamed: Vec<(NodeId, String)>,
    removed: BTreeSet<NodeId>,
    drops_library: bool,
}

/// Where an input of a patched graph comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An outlet that the graph has already.
    Old(Outlet),
    /// Output of a node that the patch adds: its index in the order of [`Patch::add`], and the slot.
    New(usize, usize),
}

impl From<Outlet> for Source {
    fn from(outlet: Outlet) -> Self {
        Source::Old(outlet)
    }
}

impl From<NodeId> for Source {
    fn from(node: NodeId) -> Self {
        Source::Old(node.into())
    }
}

/// A node that a patch adds.
#[derive(Clone, Debug)]
pub struct NewNode {
    /// Wanted name; a number is appended if it is taken.
    pub name: String,
    /// Op type.
    pub op: String,
    /// Data inputs.
    pub inputs: Vec<Source>,
    /// Attributes.
    pub attrs: Vec<(String, AttrValue)>,
    /// Device, usually that of the node it serves.
    pub device: String,
}

impl NewNode {
    /// A node without attributes and device.
    pub fn new(name: impl Into<String>, op: impl Into<String>, inputs: impl Into<Vec<Source>>) -> Self {
        Self {
            name: name.into(),
            op: op.into(),
            inputs: inputs.into(),
            attrs: Vec::new(),
            device: String::new(),
        }
    }

    /// With an attribute.
    #[must_use]
    pub fn attr(mut self, name: &str, value: AttrValue) -> Self {
        self.attrs.push((name.to_owned(), value));
        self
    }

    /// On a device.
    #[must_use]
    pub fn on(mut self, device: &str) -> Self {
        device.clone_into(&mut self.device);
        self
    }
}

impl Patch {
    /// A patch that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the patch does nothing.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.replaced.is_empty()
            && self.rewired.is_empty()
            && self.appended.is_empty()
            && self.controls.is_empty()
            && self.attributes.is_empty()
            && self.dropped.is_empty()
            && self.ops.is_empty()
            && self.renamed.is_empty()
            && self.removed.is_empty()
            && !self.drops_library
    }

    /// Adds a node; the result stands for its output 0.
    pub fn add(&mut self, node: NewNode) -> Source {
        self.added.push(node);
        Source::New(self.added.len() - 1, 0)
    }

    /// Lets every reader that the graph has of `from` read `to` instead; control edges from the
    /// node of `from` move along if `to` is output 0 of a node that is not it.
    pub fn replace_uses(&mut self, from: impl Into<Outlet>, to: impl Into<Source>) {
        self.replaced.push((from.into(), to.into()));
    }

    /// Sets one data input of a node; done after [`replace_uses`](Self::replace_uses).
    pub fn set_input(&mut self, node: NodeId, input: usize, source: impl Into<Source>) {
        self.rewired.push((node, input, source.into()));
    }

    /// Gives a node one more data input, behind those it has.
    pub fn append_input(&mut self, node: NodeId, source: impl Into<Source>) {
        self.appended.push((node, source.into()));
    }

    /// Lets a node wait for these nodes only; done after [`replace_uses`](Self::replace_uses).
    pub fn set_controls(&mut self, node: NodeId, controls: impl Into<Vec<NodeId>>) {
        self.controls.push((node, controls.into()));
    }

    /// Sets an attribute of a node.
    pub fn set_attr(&mut self, node: NodeId, name: &str, value: AttrValue) {
        self.attributes.push((node, name.to_owned(), value));
    }

    /// Takes an attribute from a node, if it has it.
    pub fn drop_attr(&mut self, node: NodeId, name: &str) {
        self.dropped.push((node, name.to_owned()));
    }

    /// Lets a node compute another op of the same inputs and attributes.
    pub fn set_op(&mut self, node: NodeId, op: impl Into<String>) {
        self.ops.push((node, op.into()));
    }

    /// Gives a node another name; a number is appended if it is taken.
    pub fn rename(&mut self, node: NodeId, name: impl Into<String>) {
        self.renamed.push((node, name.into()));
    }

    /// Removes a node; nobody may read it once the patch is done. What asks in `_class` to be placed
    /// with it no longer does.
    pub fn remove(&mut self, node: NodeId) {
        self.removed.insert(node);
    }

    /// Leaves out the library of functions.
    pub fn drop_library(&mut self) {
        self.drops_library = true;
    }
}

impl Graph {
    /// Applies a patch; the ids of the nodes it adds, in its order. On an error the graph is as
    /// it was.
    ///
    /// # Errors
    /// [`GraphError::Stale`] if the patch names a node or input that is not there,
    /// [`GraphError::StillUsed`] if it removes a node that is still read.
    pub fn apply(&mut self, patch: &Patch) -> Result<Vec<NodeId>, GraphError> {
        let mut next = self.clone();
        let added = next.run(patch)?;
        *self = next;
        Ok(added)
    }

    fn run(&mut self, patch: &Patch) -> Result<Vec<NodeId>, GraphError> {
        let old_capacity = self.capacity();
        // Names first: a renamed node's old name may be wanted by a new node.
        for (id, name) in &patch.renamed {
            let old = self.editable(*id)?.name.clone();
            self.by_name.remove(&old);
            let name = self.free_name(name);
            self.by_name.insert(name.clone(), *id);
            self.editable(*id)?.name = name;
        }
        let mut gone = BTreeSet::new();
        for &id in &patch.removed {
            let name = self.editable(id)?.name.clone();
            self.by_name.remove(&name);
            gone.insert(name);
        }
        let ids = self.add_nodes(&patch.added);
        let resolve = |source: &Source| match *source {
            Source::Old(outlet) => Ok(outlet),
            Source::New(index, slot) => ids
                .get(index)
                .map(|&id| Outlet::new(id, slot))
                .ok_or_else(|| GraphError::Stale(format!("it reads its own node number {index}"))),
        };
        for (&id, new) in ids.iter().zip(&patch.added) {
            self.editable(id)?.inputs = new.inputs.iter().map(resolve).collect::<Result<_, _>>()?;
        }
        self.replace_all(&patch.replaced, old_capacity, resolve)?;
        for (id, input, source) in &patch.rewired {
            let outlet = resolve(source)?;
            let node = self.editable(*id)?;
            match node.inputs.get_mut(*input) {
                Some(place) => *place = outlet,
                None => return Err(GraphError::Stale(format!("{node} has no input {input}"))),
            }
        }
        for (id, source) in &patch.appended {
            let outlet = resolve(source)?;
            self.editable(*id)?.inputs.push(outlet);
        }
        for (id, controls) in &patch.controls {
            self.editable(*id)?.controls.clone_from(controls);
        }
        for (id, name, value) in &patch.attributes {
            self.editable(*id)?.attrs.insert(name.clone(), value.clone());
        }
        for (id, name) in &patch.dropped {
            self.editable(*id)?.attrs.remove(name);
        }
        for (id, op) in &patch.ops {
            op.clone_into(&mut self.editable(*id)?.op);
        }
        self.remove_nodes(&patch.removed)?;
        gone.retain(|name| !self.by_name.contains_key(name));
        self.forget_places(&gone);
        if patch.drops_library {
            (self.meta.library, self.meta.functions) = (None, Vec::new());
        }
        Ok(ids)
    }

    fn add_nodes(&mut self, added: &[NewNode]) -> Vec<NodeId> {
        let mut ids = Vec::with_capacity(added.len());
        for new in added {
            let id = NodeId(self.slots.len() as u32);
            let name = self.free_name(&new.name);
            self.by_name.insert(name.clone(), id);
            self.slots.push(Some(Arc::new(Node {
                name,
                op: new.op.clone(),
                device: new.device.clone(),
                attrs: new.attrs.iter().cloned().collect(),
                ..Node::default()
            })));
            ids.push(id);
        }
        ids
    }

    fn replace_all(
        &mut self,
        replaced: &[(Outlet, Source)],
        old_capacity: usize,
        resolve: impl Fn(&Source) -> Result<Outlet, GraphError>,
    ) -> Result<(), GraphError> {
        if replaced.is_empty() {
            return Ok(());
        }
        let pairs = replaced
            .iter()
            .map(|(from, to)| Ok((*from, resolve(to)?)))
            .collect::<Result<Vec<_>, GraphError>>()?;
        let target = |outlet: Outlet| pairs.iter().find(|(from, _)| *from == outlet).map(|(_, to)| *to);
        for slot in self.slots.iter_mut().take(old_capacity).flatten() {
            let touched = slot.inputs.iter().any(|&input| target(input).is_some())
                || slot.controls.iter().any(|&control| target(control.into()).is_some());
            if !touched {
                continue;
            }
            let node = Arc::make_mut(slot);
            for input in &mut node.inputs {
                if let Some(to) = target(*input) {
                    *input = to;
                }
            }
            for control in &mut node.controls {
                if let Some(to) = target((*control).into()) {
                    *control = to.node;
                }
            }
        }
        Ok(())
    }

    fn remove_nodes(&mut self, removed: &BTreeSet<NodeId>) -> Result<(), GraphError> {
        if removed.is_empty() {
            return Ok(());
        }
        for (id, node) in self.nodes().filter(|(id, _)| !removed.contains(id)) {
            let read = node.inputs.iter().map(|outlet| outlet.node).chain(node.controls.iter().copied());
            if let Some(gone) = read.into_iter().find(|input| removed.contains(input)) {
                return Err(GraphError::StillUsed {
                    node: self.node(gone).name.clone(),
                    by: self.node(id).name.clone(),
                });
            }
        }
        for id in removed {
            let slots = self.slots.len();
            let slot = self.slots.get_mut(id.index());
            *slot.ok_or_else(|| internal!("node number {} of {slots}", id.0))? = None;
        }
        Ok(())
    }

    fn editable(&mut self, id: NodeId) -> Result<&mut Node, GraphError> {
        match self.slots.get_mut(id.index()) {
            Some(Some(node)) => Ok(Arc::make_mut(node)),
            _ => Err(GraphError::Stale(format!("node number {} is not in the graph", id.0))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GraphMeta;

    /// x -> relu -> out, and side reads relu.
    fn sample() -> Graph {
        let node = |name: &str, op: &str| Node { name: name.into(), op: op.into(), ..Node::default() };
        Graph::from_named(
            [
                (node("x", "Placeholder"), vec![]),
                (node("relu", "Relu"), vec!["x".into()]),
                (node("out", "Softmax"), vec!["relu".into()]),
                (node("side", "Neg"), vec!["relu".into(), "^relu".into()]),
            ],
            GraphMeta::default(),
        )
        .unwrap()
    }

    fn inputs(graph: &Graph, name: &str) -> Vec<String> {
        let node = graph.node(graph.find(name).unwrap());
        node.inputs.iter().map(|&outlet| graph.outlet_name(outlet)).collect()
    }

    #[test]
    fn an_inserted_node_takes_over_the_readers() {
        let mut graph = sample();
        let relu = graph.find("relu").unwrap();
        let mut patch = Patch::new();
        let new = patch.add(NewNode::new("relu", "Identity", [relu.into()]));
        patch.replace_uses(relu, new);
        let ids = graph.apply(&patch).unwrap();
        assert_eq!(graph.node(ids[0]).name, "relu_1");
        assert_eq!(inputs(&graph, "out"), ["relu_1"]);
        assert_eq!(inputs(&graph, "side"), ["relu_1"]);
        assert_eq!(inputs(&graph, "relu_1"), ["relu"]);
        assert_eq!(graph.node(graph.find("side").unwrap()).controls, [ids[0]]);
    }

    #[test]
    fn a_node_still_read_cannot_be_removed_and_nothing_changes() {
        let mut graph = sample();
        let relu = graph.find("relu").unwrap();
        let mut patch = Patch::new();
        patch.set_input(graph.find("out").unwrap(), 0, graph.find("x").unwrap());
        patch.remove(relu);
        assert!(matches!(graph.apply(&patch), Err(GraphError::StillUsed { .. })));
        assert_eq!(inputs(&graph, "out"), ["relu"]);
        assert_eq!(graph.find("relu"), Some(relu));
    }

    #[test]
    fn a_removed_name_and_a_renamed_one_are_free_again() {
        let mut graph = sample();
        let (relu, x, out) =
            (graph.find("relu").unwrap(), graph.find("x").unwrap(), graph.find("out").unwrap());
        let mut patch = Patch::new();
        patch.replace_uses(relu, x);
        patch.remove(relu);
        patch.rename(out, "inner");
        patch.add(NewNode::new("out", "Identity", [out.into()]));
        patch.add(NewNode::new("relu", "Identity", [x.into()]));
        graph.apply(&patch).unwrap();
        assert_eq!(inputs(&graph, "out"), ["inner"]);
        assert_eq!(inputs(&graph, "relu"), ["x"]);
        assert_eq!(graph.node(graph.find("side").unwrap()).controls, [x]);
    }

    #[test]
    fn an_op_changes_in_its_place() {
        let mut graph = sample();
        let relu = graph.find("relu").unwrap();
        let mut patch = Patch::new();
        patch.set_op(relu, "Relu6");
        assert!(!patch.is_empty());
        graph.apply(&patch).unwrap();
        assert_eq!(graph.find("relu"), Some(relu));
        assert_eq!(graph.node(relu).op, "Relu6");
        assert_eq!(inputs(&graph, "out"), ["relu"]);
    }

    #[test]
    fn inputs_are_appended_and_attributes_dropped() {
        let mut graph = sample();
        let (x, relu) = (graph.find("x").unwrap(), graph.find("relu").unwrap());
        let mut patch = Patch::new();
        patch.append_input(relu, x);
        patch.set_attr(relu, "T", AttrValue::I(1));
        graph.apply(&patch).unwrap();
        assert_eq!(inputs(&graph, "relu"), ["x", "x"]);
        let mut patch = Patch::new();
        patch.drop_attr(relu, "T");
        patch.drop_attr(relu, "never there");
        graph.apply(&patch).unwrap();
        assert!(graph.node(relu).attrs.is_empty());
    }

    #[test]
    fn a_patch_for_another_graph_is_refused() {
        let mut graph = sample();
        let mut patch = Patch::new();
        patch.set_input(graph.find("x").unwrap(), 3, graph.find("relu").unwrap());
        assert!(matches!(graph.apply(&patch), Err(GraphError::Stale(_))));
        let mut patch = Patch::new();
        patch.set_attr(NodeId(99), "T", AttrValue::I(1));
        assert!(matches!(graph.apply(&patch), Err(GraphError::Stale(_))));
    }
}
