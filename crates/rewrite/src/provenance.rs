//! Where the values of a graph are after passes have changed it, and where those of the new graph come from.
//!
//! A pass tells its own moves. [`Provenance`] puts those of several passes behind one another, so that a caller
//! goes from the first graph to the last and back without knowing the passes. What folding, balancing and insertion did
//! is told by names ([`Told`]), since it outlives the graphs: [`compose`] makes of it what `_quant.json` holds.
//! [`Counterparts`] lays a quantized graph beside its original, by what was told, or, where two graphs are all there
//! is, by what they show.

mod counterparts;
mod told;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::{NodeId, Outlet, Source};

pub use counterparts::Counterparts;
pub(crate) use counterparts::Origin;
pub use told::{NodeOrigin, Standing, Told, compose};

/// What one pass moves. Outlets that are not named stay where they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    outlets: BTreeMap<Outlet, Option<Source>>,
    nodes: BTreeSet<NodeId>,
}

impl Moves {
    /// The value of `from` is that of `to` now.
    pub fn set(&mut self, from: impl Into<Outlet>, to: impl Into<Source>) {
        self.outlets.insert(from.into(), Some(to.into()));
    }

    /// The value of an outlet is never computed.
    pub fn never(&mut self, outlet: Outlet) {
        self.outlets.insert(outlet, None);
    }

    /// No output of a node is ever computed.
    pub fn never_node(&mut self, node: NodeId) {
        self.nodes.insert(node);
    }

    /// The same with the nodes that the patch has added, in its order.
    pub(crate) fn applied(self, added: &[NodeId]) -> Applied {
        let place = |source: Source| match source {
            Source::Old(outlet) => Some(outlet),
            Source::New(index, slot) => added.get(index).map(|&id| Outlet::new(id, slot)),
        };
        let outlets = self.outlets.into_iter().map(|(from, to)| (from, to.and_then(place)));
        Applied { outlets: outlets.collect(), nodes: self.nodes }
    }
}

/// The moves of a pass whose patch has been applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    outlets: BTreeMap<Outlet, Option<Outlet>>,
    nodes: BTreeSet<NodeId>,
}

impl Applied {
    fn place(&self, outlet: Outlet) -> Option<Outlet> {
        match self.outlets.get(&outlet) {
            Some(&place) => place,
            None => (!self.nodes.contains(&outlet.node)).then_some(outlet),
        }
    }

    fn is_empty(&self) -> bool {
        self.outlets.is_empty() && self.nodes.is_empty()
    }
}

/// The moves of all passes, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    passes: Vec<Applied>,
}

impl Provenance {
    /// Adds what a later pass moved.
    pub(crate) fn then(&mut self, moves: Applied) {
        if !moves.is_empty() {
            self.passes.push(moves);
        }
    }

    /// Where the value of an outlet of the first graph is in the last one; `None` if it is never computed.
    pub fn place(&self, outlet: Outlet) -> Option<Outlet> {
        self.passes.iter().try_fold(outlet, |outlet, pass| pass.place(outlet))
    }

    /// The outlets of the first graph, other than itself, whose value an outlet of the last one is.
    pub fn origins(&self, outlet: Outlet) -> Vec<Outlet> {
        let named: BTreeSet<Outlet> =
            self.passes.iter().flat_map(|pass| pass.outlets.keys().copied()).collect();
        named.into_iter().filter(|&origin| origin != outlet && self.place(origin) == Some(outlet)).collect()
    }
}

#[cfg(test)]
mod tests {
    use amct_graph::{Graph, GraphMeta, Node};

    use super::*;

    fn outlets() -> [Outlet; 4] {
        let node = |name: &str| (Node { name: name.into(), op: "Op".into(), ..Node::default() }, Vec::new());
        let graph = Graph::from_named(["a", "b", "c", "d"].map(node), GraphMeta::default()).unwrap();
        ["a", "b", "c", "d"].map(|name| graph.outlet(name).unwrap())
    }

    #[test]
    fn moves_follow_one_another() {
        let [a, b, c, d] = outlets();
        let mut first = Moves::default();
        first.set(a, b);
        let mut second = Moves::default();
        second.set(b, Source::New(0, 0));
        second.never_node(c.node);
        let mut provenance = Provenance::default();
        provenance.then(first.applied(&[]));
        provenance.then(second.applied(&[d.node]));
        assert_eq!([a, b, c, d].map(|outlet| provenance.place(outlet)), [Some(d), Some(d), None, Some(d)]);
        assert_eq!(provenance.origins(d), [a, b]);
        assert_eq!(provenance.origins(a), []);
    }

    #[test]
    fn one_output_may_be_never_computed_and_the_other_be() {
        let [a, b, ..] = outlets();
        let mut moves = Moves::default();
        moves.never(Outlet::new(a.node, 0));
        moves.set(Outlet::new(a.node, 1), b);
        let mut provenance = Provenance::default();
        provenance.then(moves.applied(&[]));
        assert_eq!(provenance.place(a), None);
        assert_eq!(provenance.place(Outlet::new(a.node, 1)), Some(b));
    }
}
