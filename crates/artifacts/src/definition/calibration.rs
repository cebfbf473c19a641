//! Reads a `CalibrationConfig` message of a `.cfg`: the algorithms for weights and activations.

use std::sync::LazyLock;

use super::activation;
use super::field::{integer, not_supported, number};
use super::{CalibrationConfig, DefinitionError, DefinitionFault, Located};
use crate::config::activation::{Algorithm, Misfit};
use crate::config::{ActivationConfig, Rule};
use crate::text_format::{Field, Position, Scalar};

/// The fields of `CalibrationConfig`.
static FIELDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| [&["arq_quantize"], activation::messages(), &["dmq_balancer"]].concat());

const ARQ_ONLY: &str = "weights of TensorFlow graphs are quantized with arq_quantize";

/// AMCT's default, and what its manual recommends.
const MIGRATION_STRENGTH: f64 = 0.5;

/// A `CalibrationConfig` that is being read.
#[derive(Default)]
pub(super) struct Calibration {
    config: CalibrationConfig,
    /// Where `config.activation` was begun.
    activation_at: Option<Position>,
}

impl Calibration {
    /// Adds the fields of a message that may have been begun before.
    pub(super) fn merge(&mut self, message: &Field<'_>) -> Result<(), DefinitionError> {
        message.message()?.iter().try_for_each(|field| self.set(field))
    }

    /// Adds one field.
    pub(super) fn set(&mut self, field: &Field<'_>) -> Result<(), DefinitionError> {
        match field.name {
            "arq_quantize" => field.message()?.iter().try_for_each(|inner| self.set_arq(inner)),
            "dmq_balancer" => {
                let strength = Located { value: MIGRATION_STRENGTH, at: field.at };
                self.config.dmq_balancer.get_or_insert(strength);
                field.message()?.iter().try_for_each(|inner| self.set_balancer(inner))
            }
            "nuq_quantize" | "ada_quantize" => Err(not_supported(field, ARQ_ONLY)),
            name => match activation::algorithm(name) {
                Some(algorithm) => self.set_activation(algorithm, field),
                None => Err(field.unknown(&FIELDS).into()),
            },
        }
    }

    /// Of two algorithms the last one in the file counts, and the other one is forgotten.
    fn set_activation(
        &mut self,
        algorithm: &'static Algorithm,
        field: &Field<'_>,
    ) -> Result<(), DefinitionError> {
        let begun = self.config.activation.take().filter(|begun| begun.algorithm() == algorithm);
        let mut activation = begun.unwrap_or_else(|| ActivationConfig::new(algorithm));
        field.message()?.iter().try_for_each(|inner| activation::set(&mut activation, inner))?;
        self.config.activation = Some(activation);
        self.activation_at = Some(field.at);
        Ok(())
    }

    fn set_arq(&mut self, field: &Field<'_>) -> Result<(), DefinitionError> {
        match field.name {
            "channel_wise" => {
                let value = field.typed(Scalar::bool)?;
                self.config.channel_wise = Some(Located { value, at: field.at });
                Ok(())
            }
            "quant_bits" => integer(field, "quant_bits", Rule::WeightBits).map(drop),
            _ => Err(field.unknown(&["channel_wise", "quant_bits"]).into()),
        }
    }

    fn set_balancer(&mut self, field: &Field<'_>) -> Result<(), DefinitionError> {
        match field.name {
            "migration_strength" => {
                // What the value becomes in config.json is what AMCT's text names.
                let value = number(field, "dmq_balancer_param", Rule::DmqBalancer)?;
                self.config.dmq_balancer = Some(Located { value, at: field.at });
                Ok(())
            }
            _ => Err(field.unknown(&["migration_strength"]).into()),
        }
    }

    /// Checks what can be checked only when all is read.
    pub(super) fn finish(self) -> Result<CalibrationConfig, DefinitionError> {
        if let (Some(activation), Some(at)) = (&self.config.activation, self.activation_at) {
            activation.check_together().map_err(|Misfit { key, rule, found }| {
                DefinitionError::new(at, DefinitionFault::Value { key, rule, found })
            })?;
        }
        Ok(self.config)
    }
}
