//! The choice of how the quantized part of a graph is computed.

use amct_graph::Graph;

use crate::PlanError;
use crate::device::Device;
use crate::semantics::{FloatSimulation, Integer, OnDevice, Semantics};

/// How the quantized part of a graph is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Arithmetic {
    /// int8 times int8 into int32, exact.
    #[default]
    Integer,
    /// Integer-valued floats, as TensorFlow runs AMCT's graphs.
    FloatSimulation,
    /// int8 times int8 into int32, exact; what leads in and out of int8 as this device does it.
    Device(Device),
}

impl Arithmetic {
    /// The arithmetic made ready for a graph.
    ///
    /// # Errors
    /// [`PlanError::Graph`] if the graph cannot be changed as a device needs it.
    pub(crate) fn semantics(self, graph: &Graph) -> Result<Box<dyn Semantics>, PlanError> {
        Ok(match self {
            Arithmetic::Integer => Box::new(Integer),
            Arithmetic::FloatSimulation => Box::new(FloatSimulation),
            Arithmetic::Device(device) => Box::new(OnDevice::new(graph, device)?),
        })
    }
}
