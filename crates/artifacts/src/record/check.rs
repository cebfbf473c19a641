use amct_tensor::quantization::{I8_MAX, I8_MIN};

use super::{FORCE_FP16_QUANT, Record, RecordEntry, RecordError};

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

impl RecordEntry {
    /// Checks what can be checked without the graph, in AMCT's order (`reference/amct-algorithms.md` section
    /// 7.4). An entry [without factors](Self::is_without_factors) needs none.
    ///
    /// # Errors
    /// The first fault, with layer and value.
    pub fn validate(&self) -> Result<(), RecordError> {
        if !self.is_without_factors() {
            self.check_presence()?;
            self.check_types()?;
            self.check_lengths()?;
            self.check_cluster()?;
            self.check_ranges()?;
        }
        let accepted = f32::EPSILON..=1.0 / f32::EPSILON;
        match self.tensor_balance_factor.iter().find(|factor| !accepted.contains(*factor)) {
            Some(&found) => Err(RecordError::BalanceFactor { layer: self.key.clone(), found }),
            None => Ok(()),
        }
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

    fn check_lengths(&self) -> Result<(), RecordError> {
        let (scale_w, offset_w, shift_bit) = (self.scale_w.len(), self.offset_w.len(), self.shift_bit.len());
        if scale_w != offset_w || (shift_bit != 0 && shift_bit != scale_w) {
            return Err(RecordError::Lengths { layer: self.key.clone(), scale_w, offset_w, shift_bit });
        }
        Ok(())
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
}
