use super::{Position, Record, RecordEntry, RecordError};
use crate::text_format::{self, Field, Scalar, Value, WrongScalar};

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
                "record" => entries.push(entry(message(field)?, field.at)?),
                _ => return Err(unknown(field, &["record"])),
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
            "key" => key = Some(typed(field, Scalar::string)?.to_owned()),
            "value" => {
                has_value = true;
                for field in message(field)? {
                    set(&mut entry, field)?;
                }
            }
            _ => return Err(unknown(field, &["key", "value"])),
        }
    }
    entry.key = key.ok_or(RecordError::NoKey { at })?;
    if has_value { Ok(entry) } else { Err(RecordError::NoValue { key: entry.key, at }) }
}

fn set(entry: &mut RecordEntry, field: &Field<'_>) -> Result<(), RecordError> {
    let string = || typed(field, Scalar::string).map(str::to_owned);
    match field.name {
        "scale_d" => entry.scale_d = Some(typed(field, Scalar::float)?),
        "offset_d" => entry.offset_d = Some(typed(field, Scalar::int32)?),
        "scale_w" => entry.scale_w.push(typed(field, Scalar::float)?),
        "offset_w" => entry.offset_w.push(typed(field, Scalar::int32)?),
        "shift_bit" => entry.shift_bit.push(typed(field, Scalar::uint32)?),
        "cluster" => entry.cluster.push(typed(field, Scalar::int32)?),
        "skip_fusion" => entry.skip_fusion = Some(typed(field, Scalar::bool)?),
        "dst_type" => entry.dst_type = Some(string()?),
        "prune_producer" => entry.prune_producer.push(string()?),
        "prune_consumer" => entry.prune_consumer.push(string()?),
        "tensor_balance_factor" => entry.tensor_balance_factor.push(typed(field, Scalar::float)?),
        "act_type" => entry.act_type = Some(string()?),
        "wts_type" => entry.wts_type = Some(string()?),
        "fakequant_precision_mode" => entry.fakequant_precision_mode = Some(string()?),
        _ => return Err(unknown(field, VALUE_FIELDS)),
    }
    Ok(())
}

fn message<'a, 'b>(field: &'b Field<'a>) -> Result<&'b [Field<'a>], RecordError> {
    match &field.value {
        Value::Message(fields) => Ok(fields),
        Value::Scalar(_) => Err(RecordError::NotAMessage { field: field.name.into(), at: field.at }),
    }
}

fn typed<'b, 'a: 'b, T>(
    field: &'b Field<'a>,
    read: impl Fn(&'b Scalar<'a>) -> Result<T, WrongScalar>,
) -> Result<T, RecordError> {
    match &field.value {
        Value::Scalar(scalar) => read(scalar).map_err(|wrong| RecordError::WrongType {
            field: field.name.into(),
            at: wrong.at,
            expected: wrong.expected,
            found: wrong.found,
        }),
        Value::Message(_) => Err(RecordError::NotAScalar { field: field.name.into(), at: field.at }),
    }
}

fn unknown(field: &Field<'_>, accepted: &'static [&'static str]) -> RecordError {
    RecordError::UnknownField { field: field.name.into(), at: field.at, accepted }
}
