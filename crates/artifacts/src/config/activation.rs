//! The algorithm that calibrates an activation, and the values of its parameters.
//!
//! Which algorithms there are, and which parameters each has, is the table [`ALGORITHMS`]. Readers, writer
//! and messages of `config.json` and `.cfg` are made from it; none of them knows an algorithm by name.

mod algorithm;
mod json;
mod key;
mod table;

pub use algorithm::{Algorithm, Misfit};
pub(super) use json::{read, write};
pub use key::{AnyKey, Key, Parameter, Value};
pub use table::{
    ALGORITHMS, HFMG, IFMR, MAX_PERCENTILE, MIN_PERCENTILE, MINMAX, NUM_OF_BINS, PERCENTILE, SEARCH_RANGE,
    SEARCH_STEP,
};

use super::ConfigError;

/// The calibration algorithm of an activation, with its parameters.
///
/// ```
/// use amct_artifacts::config::ActivationConfig;
/// use amct_artifacts::config::activation::{HFMG, NUM_OF_BINS, SEARCH_STEP};
///
/// let activation = ActivationConfig::new(&HFMG).with(&NUM_OF_BINS, 1024)?;
/// assert_eq!(activation.get(&NUM_OF_BINS), 1024);
/// assert!(activation.with(&SEARCH_STEP, 0.1).is_err());
/// # Ok::<(), amct_artifacts::config::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ActivationConfig {
    algorithm: &'static Algorithm,
    /// Bits of the quantized activation: 8.
    pub num_bits: u32,
    /// Whether there is a zero offset; `None` leaves it to `activation_offset`.
    pub asymmetric: Option<bool>,
    /// Those of the algorithm's keys, in its order.
    values: Vec<Value>,
}

impl ActivationConfig {
    /// The algorithm with its defaults.
    pub fn new(algorithm: &'static Algorithm) -> Self {
        let values = algorithm.keys.iter().map(AnyKey::default).collect();
        Self { algorithm, num_bits: 8, asymmetric: None, values }
    }

    /// The algorithm (`act_algo`).
    pub fn algorithm(&self) -> &'static Algorithm {
        self.algorithm
    }

    /// The value of a parameter; its default for an algorithm that has no such parameter.
    pub fn get<T: Parameter>(&self, key: &Key<T>) -> T {
        let value = self.algorithm.place_of(key.name()).and_then(|place| self.values.get(place));
        value.copied().and_then(T::from_value).unwrap_or(key.default())
    }

    /// With another value of a parameter. Whether it is in range, `QuantConfig::validate` tells.
    ///
    /// # Errors
    /// [`ConfigError::ForeignParameter`] if the algorithm has no such parameter.
    pub fn with<T: Parameter>(mut self, key: &Key<T>, value: T) -> Result<Self, ConfigError> {
        self.set(key, value)?;
        Ok(self)
    }

    /// With or without a zero offset.
    #[must_use]
    pub fn with_asymmetric(mut self, asymmetric: bool) -> Self {
        self.asymmetric = Some(asymmetric);
        self
    }

    /// Gives a parameter another value.
    ///
    /// # Errors
    /// See [`with`](Self::with).
    pub fn set<T: Parameter>(&mut self, key: &Key<T>, value: T) -> Result<(), ConfigError> {
        let place = self.algorithm.place_of(key.name());
        match place.and_then(|place| self.values.get_mut(place)) {
            Some(old) => {
                *old = value.into_value();
                Ok(())
            }
            None => {
                let (algorithm, key) = (self.algorithm.name, key.name());
                Err(ConfigError::ForeignParameter { algorithm, key })
            }
        }
    }
}

impl Default for ActivationConfig {
    /// AMCT's default algorithm with its defaults.
    fn default() -> Self {
        Self::new(&IFMR)
    }
}

#[cfg(test)]
mod tests;
