//! Reads the protobuf text of a record file.

use super::{Position, Record, RecordEntry, RecordError};
use crate::text_format::{self, Field, Scalar, SchemaError};

/// The fields of a record's value, by number.
const VALUE_FIELDS: &[&str] = &[
    "scale_d",
    "offset_d",
    "scale_w",
    "offset_w",
    "shift_bit",
    "cluster",
    "skip_fusion",
    "dst_type",
    "prune_producer",
    "prune_consumer",
    "tensor_balance_factor",
    "act_type",
    "wts_type",
    "fakequant_precision_mode",
];

impl Record {
    /// Reads the text of a record file. Of a single-valued field given twice the last one counts, and
    /// two `value` blocks of one record are merged, as protobuf does.
    ///
    /// # Errors
    /// Not protobuf text, a field that the schema does not have, a value of another type, or a record
    /// without key or value; with line and column.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let fields = text_format::parse(text).map_err(RecordError::Syntax)?;
        let mut entries = Vec::new();
        for field in &fields {
            match field.name {
                "record" => entries.push(entry(field.message()?, field.at)?),
                _ => return Err(field.unknown(&["record"]).into()),
            }
        }
        Ok(Self { entries })
    }
}

fn entry(fields: &[Field<'_>], at: Position) -> Result<RecordEntry, RecordError> {
    let mut key = None;
    let mut entry = RecordEntry::default();
    let mut has_value = false;
    for field in fields {
        match field.name {
            "key" => key = Some(field.typed(Scalar::string)?.to_owned()),
            "value" => {
                has_value = true;
                for field in field.message()? {
                    set(&mut entry, field)?;
                }
            }
            _ => return Err(field.unknown(&["key", "value"]).into()),
        }
    }
    entry.key = key.ok_or(RecordError::NoKey { at })?;
    if has_value { Ok(entry) } else { Err(RecordError::NoValue { key: entry.key, at }) }
}

fn set(entry: &mut RecordEntry, field: &Field<'_>) -> Result<(), SchemaError> {
    let string = || field.typed(Scalar::string).map(str::to_owned);
    match field.name {
        "scale_d" => entry.scale_d = Some(field.typed(Scalar::float)?),
        "offset_d" => entry.offset_d = Some(field.typed(Scalar::int32)?),
        "scale_w" => entry.scale_w.push(field.typed(Scalar::float)?),
        "offset_w" => entry.offset_w.push(field.typed(Scalar::int32)?),
        "shift_bit" => entry.shift_bit.push(field.typed(Scalar::uint32)?),
        "cluster" => entry.cluster.push(field.typed(Scalar::int32)?),
        "skip_fusion" => entry.skip_fusion = Some(field.typed(Scalar::bool)?),
        "dst_type" => entry.dst_type = Some(string()?),
        "prune_producer" => entry.prune_producer.push(string()?),
        "prune_consumer" => entry.prune_consumer.push(string()?),
        "tensor_balance_factor" => entry.tensor_balance_factor.push(field.typed(Scalar::float)?),
        "act_type" => entry.act_type = Some(string()?),
        "wts_type" => entry.wts_type = Some(string()?),
        "fakequant_precision_mode" => entry.fakequant_precision_mode = Some(string()?),
        _ => return Err(field.unknown(VALUE_FIELDS)),
    }
    Ok(())
}
