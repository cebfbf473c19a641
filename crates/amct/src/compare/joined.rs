//! Two graphs as one, so that one run computes both.

use std::collections::BTreeMap;

use amct_graph::{Graph, GraphMeta, Node, NodeId, Outlet};
use amct_tensor::{Internal, internal};

use crate::Error;

/// Two graphs beside each other.
pub(super) struct Joined {
    pub(super) graph: Graph,
    /// The joined graph's ids by those of the first graph.
    first: BTreeMap<NodeId, NodeId>,
    second: BTreeMap<NodeId, NodeId>,
}

/// Before the names of the first graph.
pub(super) const FIRST: &str = "float/";
/// Before the names of the second graph.
pub(super) const SECOND: &str = "quantized/";

impl Joined {
    pub(super) fn new(first: &Graph, second: &Graph) -> Result<Self, Error> {
        let nodes = [(first, FIRST), (second, SECOND)]
            .into_iter()
            .flat_map(|(graph, prefix)| graph.nodes().map(move |(_, node)| named(graph, node, prefix)));
        let graph = Graph::from_named(nodes, GraphMeta::default())?;
        let ids = |part: &Graph, prefix: &str| -> Result<BTreeMap<NodeId, NodeId>, Internal> {
            let ids = part.nodes().map(|(id, node)| {
                let joined = graph.find(&format!("{prefix}{}", node.name));
                Ok((id, joined.ok_or_else(|| internal!("{node} is not in the joined graph"))?))
            });
            ids.collect()
        };
        let (first, second) = (ids(first, FIRST)?, ids(second, SECOND)?);
        Ok(Self { graph, first, second })
    }

    /// Where an outlet of the first graph is.
    pub(super) fn of_first(&self, outlet: Outlet) -> Result<Outlet, Internal> {
        place(&self.first, outlet)
    }

    /// Where an outlet of the second graph is.
    pub(super) fn of_second(&self, outlet: Outlet) -> Result<Outlet, Internal> {
        place(&self.second, outlet)
    }
}

fn place(ids: &BTreeMap<NodeId, NodeId>, outlet: Outlet) -> Result<Outlet, Internal> {
    let id = ids.get(&outlet.node).ok_or_else(|| internal!("{outlet:?} is of neither graph"))?;
    Ok(Outlet::new(*id, outlet.slot))
}

/// A node of that name with the names of its inputs.
fn named(graph: &Graph, node: &Node, prefix: &str) -> (Node, Vec<String>) {
    let data = node.inputs.iter().map(|&outlet| format!("{prefix}{}", graph.outlet_name(outlet)));
    let controls = node.controls.iter().map(|&id| format!("^{prefix}{}", graph.node(id).name));
    let inputs = data.chain(controls).collect();
    let mut node = node.clone();
    node.name = format!("{prefix}{}", node.name);
    node.inputs.clear();
    node.controls.clear();
    (node, inputs)
}
