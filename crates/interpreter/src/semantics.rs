//! How the quantized part of a graph is computed, in general: what a plan asks of an arithmetic.

mod device;
mod float_simulation;
mod integer;

use amct_graph::{Graph, NodeId};

use crate::operator::{BuildContext, Operator};
use crate::{OpError, PlanError};

pub(crate) use device::OnDevice;
pub(crate) use float_simulation::FloatSimulation;
pub(crate) use integer::Integer;

/// An arithmetic, made ready for a graph. Where it says nothing, the graph is computed as in integers.
pub(crate) trait Semantics {
    /// The graph to compute in place of the one that it was made ready for, if it is another.
    fn graph(&self) -> Option<&Graph> {
        None
    }

    /// Looks for what it refuses among the nodes to compute.
    ///
    /// # Errors
    /// [`PlanError`] that names the node.
    fn check(&self, nodes: &[NodeId]) -> Result<(), PlanError> {
        let _ = nodes;
        Ok(())
    }

    /// Builds the operator of a node that is computed in a way of its own; `None` for another, and then
    /// nothing of the context is taken.
    fn build(&self, id: NodeId, context: &mut BuildContext<'_>) -> Option<Built> {
        let _ = (id, context);
        None
    }

    /// The names of the quantizations among `nodes` that read the sums of a layer, in graph order.
    fn requantized(&self, nodes: &[NodeId]) -> Vec<String> {
        let _ = nodes;
        Vec::new()
    }
}

/// An operator, or why it cannot be built.
pub(crate) type Built = Result<Box<dyn Operator>, OpError>;
