//! The value of a field of a `.cfg`, checked, with errors in AMCT's words.

use super::{DefinitionError, DefinitionFault, Located};
use crate::config::Rule;
use crate::json::python_float;
use crate::text_format::{Field, Scalar};

/// A whole number that fulfils `rule`, in which AMCT's text calls it `key`.
pub(super) fn integer(field: &Field<'_>, key: &'static str, rule: Rule) -> Result<u32, DefinitionError> {
    let found = field.typed(Scalar::uint32)?;
    if rule.allows_int(i64::from(found)) {
        return Ok(found);
    }
    Err(DefinitionError::new(field.at, DefinitionFault::Value { key, rule, found: found.to_string() }))
}

pub(super) fn string(field: &Field<'_>) -> Result<Located<String>, DefinitionError> {
    Ok(Located { value: field.typed(Scalar::string)?.to_owned(), at: field.at })
}

pub(super) fn not_supported(field: &Field<'_>, reason: &'static str) -> DefinitionError {
    DefinitionError::new(field.at, DefinitionFault::NotSupported { field: field.name.to_owned(), reason })
}

/// A number that fulfils `rule`, in which AMCT's text calls it `key`.
pub(super) fn number(field: &Field<'_>, key: &'static str, rule: Rule) -> Result<f64, DefinitionError> {
    let found = decimal(field)?;
    if rule.allows_number(found) {
        return Ok(found);
    }
    Err(DefinitionError::new(field.at, DefinitionFault::Value { key, rule, found: python_float(found) }))
}

/// A `float` as the shortest decimal that reads back the same: 0.7, not 0.699999988079071. So it gets
/// into `config.json` in AMCT.
pub(super) fn decimal(field: &Field<'_>) -> Result<f64, DefinitionError> {
    let float = field.typed(Scalar::float)?;
    Ok(float.to_string().parse().unwrap_or(f64::from(float)))
}
