//! JSON as Python's `json` module reads and writes it, with repeated keys kept from going unnoticed.

mod float;
mod locate;
mod strict;
mod writer;

pub(crate) use float::python_float;
pub(crate) use locate::locate;
pub(crate) use strict::{ParseError, parse};
pub(crate) use writer::{Style, to_python_text};

/// A JSON value whose objects keep the order of their keys.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The Python class that `json.load` would make of this value, as Python prints it.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Json::Null => "<class 'NoneType'>",
            Json::Bool(_) => "<class 'bool'>",
            Json::Int(_) => "<class 'int'>",
            Json::Float(_) => "<class 'float'>",
            Json::String(_) => "<class 'str'>",
            Json::Array(_) => "<class 'list'>",
            Json::Object(_) => "<class 'dict'>",
        }
    }

    /// The value of an object's entry.
    pub(crate) fn get(&self, key: &str) -> Option<&Json> {
        let Json::Object(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(crate) fn string(text: impl Into<String>) -> Self {
        Json::String(text.into())
    }

    /// An object of the entries given, in their order.
    pub(crate) fn object<K: Into<String>>(entries: impl IntoIterator<Item = (K, Json)>) -> Self {
        Json::Object(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}
