//! Walks against the edges of a graph: from a value to where it comes from.

use crate::{Graph, Node, Outlet};

impl Graph {
    /// Where a walk upstream ends: at each node it goes on to the input that `through` names, and it ends
    /// where that is none. A cycle ends too, somewhere on it: no chain without a cycle is longer than the
    /// graph.
    pub fn upstream(&self, from: Outlet, mut through: impl FnMut(Outlet, &Node) -> Option<usize>) -> Outlet {
        let mut outlet = from;
        for _ in 0..self.capacity() {
            let input = self.get(outlet.node).and_then(|node| node.inputs.get(through(outlet, node)?));
            match input {
                Some(&input) => outlet = input,
                None => break,
            }
        }
        outlet
    }

    /// Where the value of an outlet is made, looking through `Identity` and its kin.
    pub fn source(&self, outlet: Outlet) -> Outlet {
        self.upstream(outlet, |outlet, node| (node.is_pass_through() && outlet.slot == 0).then_some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GraphMeta;

    #[test]
    fn a_walk_ends_where_it_is_told_to_and_on_a_cycle() {
        let node = |name: &str, op: &str, inputs: &[&str]| {
            let node = Node { name: name.into(), op: op.into(), ..Node::default() };
            (node, inputs.iter().map(|&input| input.to_owned()).collect::<Vec<_>>())
        };
        let nodes = [
            node("x", "Placeholder", &[]),
            node("pad", "Pad", &["x"]),
            node("i", "Identity", &["pad"]),
            node("top", "TopKV2", &["i"]),
            node("second", "Identity", &["top:1"]),
            node("a", "Identity", &["b"]),
            node("b", "Identity", &["a"]),
        ];
        let graph = Graph::from_named(nodes, GraphMeta::default()).unwrap();
        let at = |name: &str| graph.outlet(name).unwrap();
        assert_eq!(graph.source(at("i")), at("pad"));
        assert_eq!(graph.source(at("second")), at("top:1"));
        assert_eq!(graph.upstream(at("top"), |_, _| Some(0)), at("x"));
        assert_eq!(graph.upstream(at("top"), |_, _| Some(1)), at("top"), "there is no such input");
        assert!([at("a"), at("b")].contains(&graph.source(at("a"))));
    }
}
