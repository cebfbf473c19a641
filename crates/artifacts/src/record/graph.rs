use std::collections::BTreeMap;

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
    /// [Validates](Self::validate) the record, and checks it against `graph`, which maps the name of
    /// every node to what is known of it. `model` names the graph in errors.
    ///
    /// # Errors
    /// The first fault: that of the values, a key that is no node, or factors that do not fit it.
    pub fn check_graph(&self, graph: &BTreeMap<String, RecordLayer>, model: &str) -> Result<(), RecordError> {
        self.validate()?;
        self.entries.iter().try_for_each(|entry| entry.check_graph(graph, model))
    }
}

impl RecordEntry {
    fn check_graph(&self, graph: &BTreeMap<String, RecordLayer>, model: &str) -> Result<(), RecordError> {
        let layer = || self.key.clone();
        if let Some(node) = graph.get(&self.key) {
            // A marker that only switches fusion off may stand at any node.
            let marker = self.is_without_factors() && self.tensor_balance_factor.is_empty();
            if !node.quantizable && !marker {
                return Err(self.not_quantizable(node));
            }
            return self.check_layer(node);
        }
        match self.tensor().and_then(|(name, _)| graph.get(name)) {
            Some(node) if node.takes_tensors => self.check_tensor(),
            Some(node) => Err(self.not_quantizable(node)),
            None => Err(RecordError::NotInGraph { key: layer(), model: model.into() }),
        }
    }

    fn not_quantizable(&self, node: &RecordLayer) -> RecordError {
        let (op_type, reason) = (node.op_type.clone(), node.reason.clone());
        RecordError::NotQuantizable { layer: self.key.clone(), op_type, reason }
    }

    /// A tensor quantized by itself has factors of the activation only.
    fn check_tensor(&self) -> Result<(), RecordError> {
        self.check_no_weights()?;
        self.check_shift_bit(ShiftBit::Forbidden)
    }

    fn check_layer(&self, node: &RecordLayer) -> Result<(), RecordError> {
        if !self.is_without_factors() {
            match node.weight_channels {
                Some(channels) => self.check_weights(channels)?,
                None => self.check_no_weights()?,
            }
            self.check_shift_bit(node.shift_bit)?;
        }
        let found = self.tensor_balance_factor.len();
        match node.input_channels {
            _ if found == 0 => Ok(()),
            None => {
                Err(RecordError::NotSupported { field: "tensor_balance_factor", layer: self.key.clone() })
            }
            Some(expected) if expected != found => {
                Err(RecordError::BalanceChannels { layer: self.key.clone(), found, expected })
            }
            Some(_) => Ok(()),
        }
    }

    fn check_weights(&self, channels: usize) -> Result<(), RecordError> {
        let layer = || self.key.clone();
        if self.scale_w.is_empty() {
            return Err(RecordError::MissingWeight { field: "scale_w", layer: layer() });
        }
        let found = self.scale_w.len();
        if found != 1 && found != channels {
            return Err(RecordError::Channels {
                layer: layer(),
                found,
                expected: channels,
                with_shift_bit: !self.shift_bit.is_empty(),
            });
        }
        Ok(())
    }

    fn check_no_weights(&self) -> Result<(), RecordError> {
        match self.scale_w.is_empty() {
            true => Ok(()),
            false => Err(RecordError::UndesirableWeight { field: "scale_w", layer: self.key.clone() }),
        }
    }

    fn check_shift_bit(&self, rule: ShiftBit) -> Result<(), RecordError> {
        let (field, layer) = ("shift_bit", self.key.clone());
        match (rule, self.shift_bit.is_empty()) {
            (ShiftBit::Required, true) => Err(RecordError::MissingWeight { field, layer }),
            (ShiftBit::Forbidden, false) => Err(RecordError::NotSupported { field, layer }),
            _ => Ok(()),
        }
    }
}
