//! The checks of a record that need no graph, in AMCT's order: types, ranges, lengths of lists.

use amct_tensor::quantization::{I8_MAX, I8_MIN};

use super::{FORCE_FP16_QUANT, Record, RecordEntry, RecordError, RecordLayer, ShiftBit};

const INT8: std::ops::RangeInclusive<i32> = I8_MIN..=I8_MAX;

impl Record {
    /// [Validates](RecordEntry::validate) every entry.
    ///
    /// # Errors
    /// The first fault, or [`RecordError::Empty`] for a record without entries.
    pub fn validate(&self) -> Result<(), RecordError> {
        if self.entries.is_empty() {
            return Err(RecordError::Empty);
        }
        self.entries.iter().try_for_each(RecordEntry::validate)
    }
}

/// What an entry is about, as far as it is known.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// Something of a graph that is not at hand.
    Unknown,
    /// A layer.
    Layer(&'a RecordLayer),
    /// A tensor quantized by itself, which has factors of the activation only.
    Tensor,
}

impl RecordEntry {
    /// Checks what can be checked without the graph, in AMCT's order (`docs/sources/algorithms.md` section
    /// 10). An entry [without factors](Self::is_without_factors) needs none.
    ///
    /// # Errors
    /// The first fault, with layer and value.
    pub fn validate(&self) -> Result<(), RecordError> {
        self.check(Subject::Unknown)
    }

    /// All checks of one entry, in AMCT's order.
    pub(super) fn check(&self, subject: Subject<'_>) -> Result<(), RecordError> {
        if !self.is_without_factors() {
            self.check_presence()?;
            self.check_types()?;
            self.check_weights(subject)?;
            self.check_lengths()?;
            self.check_channels(subject)?;
            self.check_cluster()?;
            self.check_ranges()?;
        }
        self.check_balance(subject)
    }

    fn check_presence(&self) -> Result<(), RecordError> {
        let missing = |field| Err(RecordError::MissingActivation { field, layer: self.key.clone() });
        match (self.scale_d, self.offset_d) {
            (None, _) => missing("scale_d"),
            (_, None) => missing("offset_d"),
            _ => Ok(()),
        }
    }

    fn check_types(&self) -> Result<(), RecordError> {
        if self.key.contains("AvgPool") && self.dst_type.as_deref() == Some("INT4") {
            return Err(RecordError::PoolInt4 { layer: self.key.clone() });
        }
        let types =
            [("dst_type", &self.dst_type), ("act_type", &self.act_type), ("wts_type", &self.wts_type)];
        for (field, value) in types {
            if let Some(found) = value.as_ref().filter(|name| *name != "INT8") {
                return Err(RecordError::DataType { field, found: found.clone(), layer: self.key.clone() });
            }
        }
        match self.fakequant_precision_mode.as_deref() {
            None | Some("DEFAULT" | FORCE_FP16_QUANT) => Ok(()),
            Some(found) => {
                Err(RecordError::PrecisionMode { found: found.to_owned(), layer: self.key.clone() })
            }
        }
    }

    /// Whether the lists of the weights, and `shift_bit`, are there where they must be and nowhere else.
    fn check_weights(&self, subject: Subject<'_>) -> Result<(), RecordError> {
        let (has_weights, shift_bit) = match subject {
            Subject::Unknown => return Ok(()),
            Subject::Layer(node) => (node.weight_channels.is_some(), node.shift_bit),
            Subject::Tensor => (false, ShiftBit::Forbidden),
        };
        let layer = || self.key.clone();
        let lists = [("scale_w", self.scale_w.is_empty()), ("offset_w", self.offset_w.is_empty())];
        for (field, is_absent) in lists {
            match (has_weights, is_absent) {
                (true, true) => return Err(RecordError::MissingWeight { field, layer: layer() }),
                (false, false) => return Err(RecordError::UndesirableWeight { field, layer: layer() }),
                _ => {}
            }
        }
        let field = "shift_bit";
        match (shift_bit, self.shift_bit.is_empty()) {
            (ShiftBit::Required, true) => Err(RecordError::MissingWeight { field, layer: layer() }),
            (ShiftBit::Forbidden, false) => Err(RecordError::NotSupported { field, layer: layer() }),
            _ => Ok(()),
        }
    }

    fn check_lengths(&self) -> Result<(), RecordError> {
        let (scale_w, offset_w, shift_bit) = (self.scale_w.len(), self.offset_w.len(), self.shift_bit.len());
        if scale_w != offset_w || (shift_bit != 0 && shift_bit != scale_w) {
            return Err(RecordError::Lengths { layer: self.key.clone(), scale_w, offset_w, shift_bit });
        }
        Ok(())
    }

    /// Whether there are as many scales as channels, or one for the tensor.
    fn check_channels(&self, subject: Subject<'_>) -> Result<(), RecordError> {
        let Subject::Layer(RecordLayer { weight_channels: Some(expected), .. }) = subject else {
            return Ok(());
        };
        let (found, expected) = (self.scale_w.len(), *expected);
        if found == 1 || found == expected {
            return Ok(());
        }
        let (layer, with_shift_bit) = (self.key.clone(), !self.shift_bit.is_empty());
        Err(RecordError::Channels { layer, found, expected, with_shift_bit })
    }

    fn check_cluster(&self) -> Result<(), RecordError> {
        let layer = || self.key.clone();
        if ![0, 16, 32].contains(&self.cluster.len()) {
            return Err(RecordError::ClusterLength { layer: layer(), found: self.cluster.len() });
        }
        match self.cluster.iter().find(|centre| !INT8.contains(*centre)) {
            Some(&found) => Err(RecordError::ClusterCentre { layer: layer(), found }),
            None => Ok(()),
        }
    }

    fn check_ranges(&self) -> Result<(), RecordError> {
        let layer = || self.key.clone();
        if let Some(found) = self.offset_d.filter(|offset| !INT8.contains(offset)) {
            return Err(RecordError::OffsetD { layer: layer(), found });
        }
        if let Some(&found) = self.offset_w.iter().find(|offset| **offset != 0) {
            return Err(RecordError::OffsetW { layer: layer(), found });
        }
        let scales = self.scale_d.iter().map(|scale| ("scale_d", *scale));
        let scales = scales.chain(self.scale_w.iter().map(|scale| ("scale_w", *scale)));
        for (field, found) in scales {
            // Written so that NaN fails too.
            if !(found > 0.0 && found < f32::INFINITY) {
                return Err(RecordError::Scale { field, layer: layer(), found });
            }
        }
        let all_zero = self.shift_bit.iter().all(|bits| *bits == 0);
        match self.shift_bit.iter().find(|bits| !all_zero && !(1..=16).contains(*bits)) {
            Some(&found) => Err(RecordError::ShiftBit { layer: layer(), found }),
            None => Ok(()),
        }
    }

    fn check_balance(&self, subject: Subject<'_>) -> Result<(), RecordError> {
        let (layer, found) = (|| self.key.clone(), self.tensor_balance_factor.len());
        if found == 0 {
            return Ok(());
        }
        let expected = match subject {
            Subject::Unknown => Some(found),
            Subject::Layer(node) => node.input_channels,
            Subject::Tensor => None,
        };
        match expected {
            None => {
                return Err(RecordError::NotSupported { field: "tensor_balance_factor", layer: layer() });
            }
            Some(expected) if expected != found => {
                return Err(RecordError::BalanceChannels { layer: layer(), found, expected });
            }
            Some(_) => {}
        }
        // Written so that NaN is outside.
        let accepted = f32::EPSILON..=1.0 / f32::EPSILON;
        match self.tensor_balance_factor.iter().find(|factor| !accepted.contains(*factor)) {
            Some(&found) => Err(RecordError::BalanceFactor { layer: layer(), found }),
            None => Ok(()),
        }
    }
}
