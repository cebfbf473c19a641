//! What a chip computes: another graph, in which quantizations read sums, and operators of its own.

use amct_graph::{Graph, NodeId};

use super::{Built, Semantics};
use crate::PlanError;
use crate::device::{Device, DeviceGraph, check_biases, device_graph};
use crate::operator::BuildContext;
use crate::ops;

pub(crate) struct OnDevice {
    device: Device,
    fused: DeviceGraph,
}

impl OnDevice {
    /// # Errors
    /// [`PlanError::Graph`] if the graph cannot be changed.
    pub(crate) fn new(graph: &Graph, device: Device) -> Result<Self, PlanError> {
        Ok(Self { device, fused: device_graph(graph, device)? })
    }
}

impl Semantics for OnDevice {
    fn graph(&self) -> Option<&Graph> {
        Some(&self.fused.graph)
    }

    fn check(&self, nodes: &[NodeId]) -> Result<(), PlanError> {
        check_biases(&self.fused.graph, nodes, self.device)
    }

    fn build(&self, id: NodeId, context: &mut BuildContext<'_>) -> Option<Built> {
        ops::device::build(context, self.device, self.fused.requants.get(&id))
    }

    fn requantized(&self, nodes: &[NodeId]) -> Vec<String> {
        self.fused.names(nodes)
    }
}
