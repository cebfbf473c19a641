//! What a node of fake quantization says.

use std::collections::BTreeSet;

use amct_graph::{Graph, Node, NodeId, Outlet, op};
use amct_tensor::quantization::FakeQuantGrid;

use super::QatError;
use crate::pass::Evaluate;

/// The grids of one node.
#[derive(Clone, Debug)]
pub(super) struct Range {
    /// One, or one per channel of the last axis.
    pub(super) grids: Vec<FakeQuantGrid>,
    pub(super) per_channel: bool,
    pub(super) num_bits: u32,
    /// The first channel's range, for errors.
    bounds: (f32, f32),
}

impl Range {
    /// Reads a node; `constant` are the nodes that depend on constants alone.
    pub(super) fn of(
        graph: &Graph,
        node: &Node,
        constant: &BTreeSet<NodeId>,
        evaluate: &Evaluate<'_>,
    ) -> Result<Self, QatError> {
        let attrs = node.attributes();
        let found = attrs.int_or("num_bits", 8)?;
        let num_bits = u32::try_from(found)
            .ok()
            .filter(|_| FakeQuantGrid::BITS.contains(&found))
            .ok_or_else(|| attrs.error("num_bits", "from 2 to 16", found.to_string()))?;
        let narrow = attrs.bool_or("narrow_range", false)?;
        let grid = |(&min, &max): (&f32, &f32)| FakeQuantGrid::new(min, max, num_bits, narrow);
        if node.op == op::FAKE_QUANT_WITH_MIN_MAX_ARGS {
            let bounds = (attrs.float_or("min", -6.0)?, attrs.float_or("max", 6.0)?);
            let grids = vec![grid((&bounds.0, &bounds.1))];
            return Ok(Self { grids, per_channel: false, num_bits, bounds });
        }
        let values = |input: usize, what: &'static str| -> Result<Vec<f32>, QatError> {
            let missing = QatError::Input { node: node.name.clone(), what };
            let outlet: Outlet = *node.inputs.get(input).ok_or(missing)?;
            if !constant.contains(&outlet.node) {
                return Err(QatError::RangeNotConstant { node: node.name.clone() });
            }
            let failed = |error: String| QatError::Evaluation { node: node.name.clone(), error };
            let tensor = evaluate(graph, outlet).map_err(failed)?;
            Ok(tensor.as_slice::<f32>().map_err(|error| failed(error.to_string()))?.to_vec())
        };
        let (min, max) = (values(1, "min")?, values(2, "max")?);
        let per_channel = node.op.ends_with("PerChannel");
        let (Some(&first_min), Some(&first_max)) = (min.first(), max.first()) else {
            return Err(QatError::Input { node: node.name.clone(), what: "min with a value" });
        };
        if min.len() != max.len() || (!per_channel && min.len() != 1) {
            let (ranges, shape) = (min.len(), vec![max.len()]);
            return Err(QatError::Channels { node: node.name.clone(), ranges, shape });
        }
        let grids = min.iter().zip(&max).map(grid).collect();
        Ok(Self { grids, per_channel, num_bits, bounds: (first_min, first_max) })
    }

    /// The grid of an activation, which int8 must have.
    pub(super) fn of_activation(&self, node: &Node) -> Result<FakeQuantGrid, QatError> {
        let name = || node.name.clone();
        if self.num_bits != 8 {
            let (found, what, accepted) = (self.num_bits, "an activation", "8");
            return Err(QatError::Bits { node: name(), found, what, accepted });
        }
        let legal = f32::EPSILON..=1.0 / f32::EPSILON;
        match self.grids.first().filter(|grid| grid.is_sound() && legal.contains(&grid.scale)) {
            Some(&grid) => Ok(grid),
            None => Err(QatError::Range { node: name(), min: self.bounds.0, max: self.bounds.1 }),
        }
    }
}
