//! One calibration algorithm as configuration files know it: a row of the table.

use super::key::AnyKey;
use super::{ActivationConfig, Value};
use crate::config::Rule;
use crate::json::python_float;

/// A calibration algorithm as configuration files know it. How it calibrates is not told here.
#[derive(Debug)]
pub struct Algorithm {
    /// Its `act_algo` in `config.json`.
    pub name: &'static str,
    /// Its parameters, in the order in which `config.json` has them.
    pub keys: &'static [AnyKey],
    /// All keys of `activation_quant_params` in the order of `config.json`: `num_bits`, `act_algo` and
    /// `asymmetric` among its own.
    pub json: &'static [&'static str],
    /// Its message in a `.cfg`.
    pub message: &'static str,
    /// The fields of that message in the order of the schema: `asymmetric` and `dst_type` behind its own.
    pub fields: &'static [&'static str],
    /// What several parameters have to fulfil together.
    pub check: fn(&ActivationConfig) -> Result<(), Misfit>,
}

/// Parameters that do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The parameter that an error names.
    pub key: &'static str,
    /// What it has to fulfil.
    pub rule: Rule,
    /// Its value, and what it does not fit.
    pub found: String,
}

impl Algorithm {
    /// The place of a parameter among its own.
    pub(super) fn place_of(&self, key: &str) -> Option<usize> {
        self.keys.iter().position(|own| own.name() == key)
    }
}

impl PartialEq for Algorithm {
    /// Algorithms are told apart by their names.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Algorithm {}

impl ActivationConfig {
    /// Checks what no parameter tells alone: that ranges ascend, and what the algorithm asks for.
    pub(crate) fn check_together(&self) -> Result<(), Misfit> {
        for (key, value) in self.algorithm.keys.iter().zip(&self.values) {
            if let Value::Range(range) = value {
                check_ascends(key.name(), *range)?;
            }
        }
        (self.algorithm.check)(self)
    }
}

/// Whether a range ascends.
pub(super) fn check_ascends(key: &'static str, [start, end]: [f64; 2]) -> Result<(), Misfit> {
    // A NaN does not descend, and other rules find it.
    if start >= end {
        let found = format!("[{}, {}]", python_float(start), python_float(end));
        return Err(Misfit { key, rule: Rule::SearchRangeOrder, found });
    }
    Ok(())
}
