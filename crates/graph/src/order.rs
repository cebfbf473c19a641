//! Topological order, without recursion: a graph may be deeper than the stack.

use crate::{Graph, GraphError, NodeId};

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

impl Graph {
    /// The nodes that `outputs` need through data edges, inputs before their readers.
    ///
    /// # Errors
    /// [`GraphError::Cycle`] if there is no such order.
    pub fn needed_by(&self, outputs: &[NodeId]) -> Result<Vec<NodeId>, GraphError> {
        self.sorted(outputs.iter().copied(), false)
    }

    /// The nodes that `outputs` need through data and control edges, inputs before their readers.
    ///
    /// # Errors
    /// [`GraphError::Cycle`] if there is no such order.
    pub fn needed_with_controls(&self, outputs: &[NodeId]) -> Result<Vec<NodeId>, GraphError> {
        self.sorted(outputs.iter().copied(), true)
    }

    /// All nodes, inputs (data and control) before their readers, otherwise in the present order;
    /// a node added by a patch comes right before its first reader.
    ///
    /// # Errors
    /// [`GraphError::Cycle`] if there is no such order.
    pub fn topological_order(&self) -> Result<Vec<NodeId>, GraphError> {
        self.sorted(self.nodes().map(|(id, _)| id), true)
    }

    fn sorted(
        &self,
        roots: impl Iterator<Item = NodeId>,
        with_controls: bool,
    ) -> Result<Vec<NodeId>, GraphError> {
        let mut marks = vec![Mark::New; self.capacity()];
        let mut order = Vec::new();
        let mut stack: Vec<NodeId> = Vec::new();
        for root in roots {
            stack.push(root);
            while let Some(&id) = stack.last() {
                let Some(mark) = marks.get_mut(id.index()) else {
                    stack.pop();
                    continue;
                };
                match *mark {
                    Mark::Done => {
                        stack.pop();
                    }
                    Mark::Open => {
                        *mark = Mark::Done;
                        order.push(id);
                        stack.pop();
                    }
                    Mark::New => {
                        *mark = Mark::Open;
                        self.push_inputs(id, with_controls, &marks, &mut stack)?;
                    }
                }
            }
        }
        Ok(order)
    }

    fn push_inputs(
        &self,
        id: NodeId,
        with_controls: bool,
        marks: &[Mark],
        stack: &mut Vec<NodeId>,
    ) -> Result<(), GraphError> {
        let node = self.node(id);
        let controls = node.controls.iter().copied().filter(|_| with_controls);
        let inputs: Vec<NodeId> = node.inputs.iter().map(|outlet| outlet.node).chain(controls).collect();
        for &input in inputs.iter().rev() {
            match marks.get(input.index()) {
                Some(Mark::New) => stack.push(input),
                Some(Mark::Open) => return Err(GraphError::Cycle(self.node(input).name.clone())),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Graph, GraphError, Node};

    fn chain(edges: &[(&str, &[&str])]) -> Result<Graph, GraphError> {
        Graph::from_named(
            edges.iter().map(|(name, inputs)| {
                let node = Node { name: (*name).into(), op: "Op".into(), ..Node::default() };
                (node, inputs.iter().map(|s| (*s).to_owned()).collect())
            }),
            Default::default(),
        )
    }

    fn names(graph: &Graph, order: &[crate::NodeId]) -> Vec<String> {
        order.iter().map(|&id| graph.node(id).name.clone()).collect()
    }

    #[test]
    fn inputs_come_first_and_the_rest_keeps_its_order() {
        let graph = chain(&[("c", &["b", "^d"]), ("a", &[]), ("b", &["a"]), ("d", &[])]).unwrap();
        assert_eq!(names(&graph, &graph.topological_order().unwrap()), ["a", "b", "d", "c"]);
        let b = graph.find("b").unwrap();
        assert_eq!(names(&graph, &graph.needed_by(&[b]).unwrap()), ["a", "b"]);
        let c = graph.find("c").unwrap();
        assert_eq!(names(&graph, &graph.needed_with_controls(&[c]).unwrap()), ["a", "b", "d", "c"]);
    }

    #[test]
    fn a_cycle_is_named() {
        let graph = chain(&[("a", &["b"]), ("b", &["a:1"])]).unwrap();
        assert!(matches!(graph.topological_order(), Err(GraphError::Cycle(_))));
    }

    #[test]
    fn a_node_read_twice_comes_once() {
        let graph = chain(&[("x", &[]), ("y", &["x", "x"]), ("z", &["y", "x", "y:2"])]).unwrap();
        assert_eq!(graph.topological_order().unwrap().len(), 3);
    }

    #[test]
    fn depth_is_not_limited_by_the_stack() {
        let names: Vec<String> = (0..200_000).map(|i| format!("n{i}")).collect();
        let nodes = names.iter().enumerate().rev().map(|(i, name)| {
            let inputs = if i == 0 { vec![] } else { vec![format!("n{}", i - 1)] };
            (Node { name: name.clone(), op: "Op".into(), ..Node::default() }, inputs)
        });
        let graph = Graph::from_named(nodes, Default::default()).unwrap();
        assert_eq!(graph.topological_order().unwrap().len(), names.len());
    }
}
