//! Two graphs as one, so that one run computes both.

use amct_graph::{Graph, GraphError, GraphMeta, Node, NodeId, Outlet};

/// Two graphs beside each other.
pub(super) struct Joined {
    pub(super) graph: Graph,
    /// Places of the first graph's ids.
    first: Vec<Option<NodeId>>,
    second: Vec<Option<NodeId>>,
}

/// Before the names of the first graph.
pub(super) const FIRST: &str = "float/";
/// Before the names of the second graph.
pub(super) const SECOND: &str = "quantized/";

impl Joined {
    pub(super) fn new(first: &Graph, second: &Graph) -> Result<Self, GraphError> {
        let nodes = [(first, FIRST), (second, SECOND)]
            .into_iter()
            .flat_map(|(graph, prefix)| graph.nodes().map(move |(_, node)| named(graph, node, prefix)));
        let graph = Graph::from_named(nodes, GraphMeta::default())?;
        let ids = |part: &Graph, prefix: &str| {
            let mut ids = vec![None; part.capacity()];
            for (id, node) in part.nodes() {
                if let Some(place) = ids.get_mut(id.index()) {
                    *place = graph.find(&format!("{prefix}{}", node.name));
                }
            }
            ids
        };
        let (first, second) = (ids(first, FIRST), ids(second, SECOND));
        Ok(Self { graph, first, second })
    }

    /// Where an outlet of the first graph is.
    pub(super) fn of_first(&self, outlet: Outlet) -> Option<Outlet> {
        place(&self.first, outlet)
    }

    /// Where an outlet of the second graph is.
    pub(super) fn of_second(&self, outlet: Outlet) -> Option<Outlet> {
        place(&self.second, outlet)
    }
}

fn place(ids: &[Option<NodeId>], outlet: Outlet) -> Option<Outlet> {
    let id = ids.get(outlet.node.index()).copied().flatten()?;
    Some(Outlet::new(id, outlet.slot))
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
