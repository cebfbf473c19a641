//! The outlets that the user asked for: rewrites keep their names and values.

use std::collections::BTreeSet;

use amct_graph::{Graph, GraphError, NodeId, Outlet};

/// The requested outlets, resolved.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outputs(BTreeSet<Outlet>);

impl Outputs {
    /// Resolves `name` and `name:slot`.
    ///
    /// # Errors
    /// [`GraphError::UnknownNode`].
    pub(crate) fn resolve(graph: &Graph, names: &[String]) -> Result<Self, GraphError> {
        names.iter().map(|name| graph.outlet(name)).collect::<Result<_, _>>().map(Self)
    }

    /// These outlets.
    pub(crate) fn of(outlets: &[Outlet]) -> Self {
        Self(outlets.iter().copied().collect())
    }

    /// Whether any output of `node` is asked for.
    pub(crate) fn has_node(&self, node: NodeId) -> bool {
        self.slots(node).next().is_some()
    }

    /// The outputs of `node` that are asked for.
    pub(crate) fn slots(&self, node: NodeId) -> impl Iterator<Item = usize> + '_ {
        let all = Outlet::new(node, 0)..=Outlet::new(node, usize::MAX);
        self.0.range(all).map(|outlet| outlet.slot)
    }
}
