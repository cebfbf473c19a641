//! Reads the message of a calibration algorithm in a `.cfg`, by the table of algorithms.

use std::sync::LazyLock;

use super::field::{decimal, integer, number};
use super::{DefinitionError, DefinitionFault};
use crate::config::ActivationConfig;
use crate::config::activation::{ALGORITHMS, Algorithm, AnyKey, Key};
use crate::text_format::{Field, Scalar};

static MESSAGES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| ALGORITHMS.iter().map(|algorithm| algorithm.message).collect());

/// The messages of all algorithms.
pub(super) fn messages() -> &'static [&'static str] {
    &MESSAGES
}

/// The algorithm whose message this is.
pub(super) fn algorithm(message: &str) -> Option<&'static Algorithm> {
    ALGORITHMS.into_iter().find(|algorithm| algorithm.message == message)
}

/// Adds one field of the message.
pub(super) fn set(activation: &mut ActivationConfig, field: &Field<'_>) -> Result<(), DefinitionError> {
    match field.name {
        "asymmetric" => activation.asymmetric = Some(field.typed(Scalar::bool)?),
        "dst_type" => check_dst_type(field)?,
        name => {
            let algorithm = activation.algorithm();
            match algorithm.keys.iter().find_map(|key| Target::of(key, name)) {
                Some(target) => target.set(activation, field)?,
                None => return Err(field.unknown(algorithm.fields).into()),
            }
        }
    }
    Ok(())
}

/// What a field sets.
enum Target {
    Integer(&'static Key<u32>),
    Number(&'static Key<f64>),
    StartOf(&'static Key<[f64; 2]>),
    EndOf(&'static Key<[f64; 2]>),
}

impl Target {
    /// What the field of this name sets, if it is one of the parameter's.
    fn of(key: &AnyKey, field: &str) -> Option<Self> {
        match (key, field.strip_prefix(key.name())?) {
            (AnyKey::Integer(key), "") => Some(Target::Integer(key)),
            (AnyKey::Number(key), "") => Some(Target::Number(key)),
            (AnyKey::Range(key), "_start") => Some(Target::StartOf(key)),
            (AnyKey::Range(key), "_end") => Some(Target::EndOf(key)),
            _ => None,
        }
    }

    fn set(self, activation: &mut ActivationConfig, field: &Field<'_>) -> Result<(), DefinitionError> {
        let set = match self {
            Target::Integer(key) => activation.set(key, integer(field, key.name(), key.rule())?),
            Target::Number(key) => activation.set(key, number(field, key.name(), key.rule())?),
            Target::StartOf(key) => {
                let [_, end] = activation.get(key);
                activation.set(key, [number(field, key.name(), key.rule())?, end])
            }
            // That it is above the start can only be told when both are read.
            Target::EndOf(key) => {
                let [start, _] = activation.get(key);
                activation.set(key, [start, decimal(field)?])
            }
        };
        set.map_err(|error| DefinitionError::new(field.at, error))
    }
}

fn check_dst_type(field: &Field<'_>) -> Result<(), DefinitionError> {
    match field.typed(Scalar::word)? {
        "INT8" => Ok(()),
        found => Err(DefinitionError::new(field.at, DefinitionFault::DataType(found.to_owned()))),
    }
}
