//! One JSON object of a `config.json` with its place: typed access to its keys, with errors that name them.

use super::rules::Rule;
use super::{ConfigError, Place};
use crate::json::{Json, python_float};

/// One object of the file with its place, giving its values by type.
pub(super) struct Section<'a> {
    pub(super) place: Place,
    pub(super) entries: &'a [(String, Json)],
}

impl<'a> Section<'a> {
    pub(super) fn of(value: &'a Json, place: Place) -> Result<Self, ConfigError> {
        match value {
            Json::Object(entries) => Ok(Self { place, entries }),
            other => Err(wrong_type(place, "<class 'dict'>", other)),
        }
    }

    fn value(&self, key: &str) -> Option<&'a Json> {
        self.entries.iter().find(|(found, _)| found == key).map(|(_, value)| value)
    }

    /// The value of `key` as `pick` sees it. `pick` returns `None` for another type than `expected`.
    fn typed<T>(
        &self,
        key: &str,
        expected: &'static str,
        pick: impl Fn(&'a Json) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.value(key) else { return Ok(None) };
        match pick(value) {
            Some(picked) => Ok(Some(picked)),
            None => Err(wrong_type(self.place.child(key), expected, value)),
        }
    }

    pub(super) fn section(&self, key: &str) -> Result<Option<Section<'a>>, ConfigError> {
        self.value(key).map(|value| Section::of(value, self.place.child(key))).transpose()
    }

    pub(super) fn bool(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        self.typed(key, "<class 'bool'>", |value| match value {
            Json::Bool(value) => Some(*value),
            _ => None,
        })
    }

    pub(super) fn string(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        self.typed(key, "<class 'str'>", |value| match value {
            Json::String(value) => Some(value.as_str()),
            _ => None,
        })
    }

    pub(super) fn array(&self, key: &str) -> Result<Option<&'a [Json]>, ConfigError> {
        self.typed(key, "<class 'list'>", |value| match value {
            Json::Array(items) => Some(items.as_slice()),
            _ => None,
        })
    }

    pub(super) fn int(&self, key: &str, rule: Rule) -> Result<Option<u32>, ConfigError> {
        let value = self.typed(key, "<class 'int'>", |value| match value {
            Json::Int(value) => Some(*value),
            _ => None,
        })?;
        let Some(value) = value else { return Ok(None) };
        match u32::try_from(value) {
            Ok(small) if rule.allows_int(value) => Ok(Some(small)),
            _ => Err(self.broken(key, rule, value.to_string())),
        }
    }

    pub(super) fn number(&self, key: &str, rule: Rule) -> Result<Option<f64>, ConfigError> {
        let Some(value) = self.typed(key, "<class 'float'>", number)? else { return Ok(None) };
        if rule.allows_number(value) {
            Ok(Some(value))
        } else {
            Err(self.broken(key, rule, python_float(value)))
        }
    }

    /// The error of a `key` whose value `found` breaks `rule`.
    pub(super) fn broken(&self, key: &str, rule: Rule, found: impl Into<String>) -> ConfigError {
        ConfigError::Value { place: self.place.child(key), rule, found: found.into() }
    }

    /// Refuses any key but those of `accepted`.
    pub(super) fn only(&self, accepted: &'static [&'static str]) -> Result<(), ConfigError> {
        match self.entries.iter().find(|(key, _)| !accepted.contains(&key.as_str())) {
            Some((key, _)) => {
                let (place, name) = (self.place.clone(), key.clone());
                Err(ConfigError::UnknownParameter { place, name, accepted })
            }
            None => Ok(()),
        }
    }
}

/// The number `value` is: an integer counts as one, as it does in Python.
pub(super) fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Float(value) => Some(*value),
        Json::Int(value) => Some(*value as f64),
        _ => None,
    }
}

pub(super) fn wrong_type(place: Place, expected: &'static str, found: &Json) -> ConfigError {
    ConfigError::Type { place, expected, found: found.class() }
}
