//! A parameter of calibration algorithms: its name, its type, its default and its range.

use crate::config::Rule;

/// A parameter of type `T`.
#[derive(Debug)]
pub struct Key<T> {
    name: &'static str,
    default: T,
    rule: Rule,
}

impl<T: Copy> Key<T> {
    /// A parameter of this name in both files, whose values fulfil `rule`. Of a range `rule` is about the
    /// first number; the second one is above it.
    pub const fn new(name: &'static str, default: T, rule: Rule) -> Self {
        Self { name, default, rule }
    }

    /// Its name in `config.json`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What an absent one means.
    pub fn default(&self) -> T {
        self.default
    }

    /// What its values have to fulfil.
    pub fn rule(&self) -> Rule {
        self.rule
    }
}

/// A parameter of any type, as an [`Algorithm`](super::Algorithm) lists it.
#[derive(Clone, Copy, Debug)]
pub enum AnyKey {
    /// A whole number.
    Integer(&'static Key<u32>),
    /// A number.
    Number(&'static Key<f64>),
    /// Two ascending numbers: one list in `config.json`; in `.cfg` two fields, `_start` and `_end`.
    Range(&'static Key<[f64; 2]>),
}

impl AnyKey {
    /// Its name in `config.json`.
    pub fn name(&self) -> &'static str {
        match self {
            AnyKey::Integer(key) => key.name,
            AnyKey::Number(key) => key.name,
            AnyKey::Range(key) => key.name,
        }
    }

    /// What an absent one means.
    pub fn default(&self) -> Value {
        match self {
            AnyKey::Integer(key) => Value::Integer(key.default),
            AnyKey::Number(key) => Value::Number(key.default),
            AnyKey::Range(key) => Value::Range(key.default),
        }
    }
}

/// The value of a parameter of any type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(u32),
    /// A number.
    Number(f64),
    /// Two ascending numbers.
    Range([f64; 2]),
}

/// The types that parameters have.
pub trait Parameter: Copy {
    /// As a value of any type.
    fn into_value(self) -> Value;

    /// `None` for a value of another type.
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! parameter {
    ($($kind:ty => $variant:ident),+) => {$(
        impl Parameter for $kind {
            fn into_value(self) -> Value {
                Value::$variant(self)
            }

            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$variant(value) => Some(value),
                    _ => None,
                }
            }
        }
    )+};
}

parameter!(u32 => Integer, f64 => Number, [f64; 2] => Range);
