//! The checks of a record against the nodes of a graph: its keys, and the lengths of its lists.

use std::collections::BTreeMap;

use super::check::Subject;
use super::{Record, RecordEntry, RecordError};

/// What checking a record needs to know of one node of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordLayer {
    /// The operation type, `Conv2D`.
    pub op_type: String,
    /// Whether the node can be quantized as a layer of its own.
    pub quantizable: bool,
    /// Why not, if the type alone does not say it.
    pub reason: Option<String>,
    /// Whether inputs of the node can be quantized by themselves.
    pub takes_tensors: bool,
    /// How many scales its weights may have besides one for the tensor: its output channels; `Some(1)`
    /// where per-channel scales are not possible; `None` for a layer without weights.
    pub weight_channels: Option<usize>,
    /// How many balance factors it needs; `None` where the balancer does not apply.
    pub input_channels: Option<usize>,
    /// What is to be done about `shift_bit`.
    pub shift_bit: ShiftBit,
}

/// What a layer's record says about shifting the accumulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShiftBit {
    /// Its presence is an error.
    Forbidden,
    /// Its absence means no shift.
    Optional,
    /// Its absence is an error.
    Required,
}

impl Record {
    /// Checks the record against `graph`, which maps the name of every node to what is known of it, entry
    /// by entry in AMCT's order (`docs/sources/algorithms.md` section 10). `model` names the graph in
    /// errors.
    ///
    /// # Errors
    /// The first fault: a key that is no node, factors that do not fit it, or a fault of the values.
    pub fn check_graph(&self, graph: &BTreeMap<String, RecordLayer>, model: &str) -> Result<(), RecordError> {
        if self.entries.is_empty() {
            return Err(RecordError::Empty);
        }
        self.entries.iter().try_for_each(|entry| entry.check(entry.subject(graph, model)?))
    }
}

impl RecordEntry {
    /// What of the graph the entry is about.
    fn subject<'g>(
        &self,
        graph: &'g BTreeMap<String, RecordLayer>,
        model: &str,
    ) -> Result<Subject<'g>, RecordError> {
        if let Some(node) = graph.get(&self.key) {
            // A marker that only switches fusion off may stand at any node.
            let marker = self.is_without_factors() && self.tensor_balance_factor.is_empty();
            return if node.quantizable || marker {
                Ok(Subject::Layer(node))
            } else {
                Err(self.not_quantizable(node))
            };
        }
        match self.tensor().and_then(|(name, _)| graph.get(name)) {
            Some(node) if node.takes_tensors => Ok(Subject::Tensor),
            Some(node) => Err(self.not_quantizable(node)),
            None => Err(RecordError::NotInGraph { key: self.key.clone(), model: model.into() }),
        }
    }

    fn not_quantizable(&self, node: &RecordLayer) -> RecordError {
        let (op_type, reason) = (node.op_type.clone(), node.reason.clone());
        RecordError::NotQuantizable { layer: self.key.clone(), op_type, reason }
    }
}
