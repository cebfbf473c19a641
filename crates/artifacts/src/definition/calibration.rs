//! Reads a `CalibrationConfig` message of a `.cfg`: the algorithms for weights and activations.

use super::field::{decimal, integer, not_supported, number};
use super::{CalibrationConfig, DefinitionError, DefinitionFault, Located};
use crate::config::{ActivationConfig, Hfmg, Ifmr, Rule, step_fits};
use crate::json::python_float;
use crate::text_format::{Field, Position, Scalar};

/// The fields of `CalibrationConfig`.
const FIELDS: &[&str] = &["arq_quantize", "ifmr_quantize", "hfmg_quantize", "dmq_balancer"];

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
            "ifmr_quantize" => {
                // The other algorithm is forgotten: the last one in the file counts.
                let mut ifmr = match self.config.activation.take() {
                    Some(ActivationConfig::Ifmr(begun)) => begun,
                    _ => Ifmr::default(),
                };
                field.message()?.iter().try_for_each(|inner| set_ifmr(&mut ifmr, inner))?;
                self.config.activation = Some(ActivationConfig::Ifmr(ifmr));
                self.activation_at = Some(field.at);
                Ok(())
            }
            "hfmg_quantize" => {
                let mut hfmg = match self.config.activation.take() {
                    Some(ActivationConfig::Hfmg(begun)) => begun,
                    _ => Hfmg::default(),
                };
                field.message()?.iter().try_for_each(|inner| set_hfmg(&mut hfmg, inner))?;
                self.config.activation = Some(ActivationConfig::Hfmg(hfmg));
                Ok(())
            }
            "dmq_balancer" => {
                let strength = Located { value: MIGRATION_STRENGTH, at: field.at };
                self.config.dmq_balancer.get_or_insert(strength);
                field.message()?.iter().try_for_each(|inner| self.set_balancer(inner))
            }
            "nuq_quantize" | "ada_quantize" => Err(not_supported(field, ARQ_ONLY)),
            _ => Err(field.unknown(FIELDS).into()),
        }
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
        if let (Some(ActivationConfig::Ifmr(ifmr)), Some(at)) = (&self.config.activation, self.activation_at)
        {
            let [start, end] = ifmr.search_range.map(python_float);
            let fault =
                |key, rule, found| Err(DefinitionError::new(at, DefinitionFault::Value { key, rule, found }));
            if ifmr.search_range[0] >= ifmr.search_range[1] {
                return fault("search_range", Rule::SearchRangeOrder, format!("[{start}, {end}]"));
            }
            if !step_fits(ifmr.search_step, ifmr.search_range) {
                let found = format!("{} for [{start}, {end}]", python_float(ifmr.search_step));
                return fault("search_step", Rule::SearchStepFits, found);
            }
        }
        Ok(self.config)
    }
}

fn set_ifmr(ifmr: &mut Ifmr, field: &Field<'_>) -> Result<(), DefinitionError> {
    let [start, end] = &mut ifmr.search_range;
    match field.name {
        "search_range_start" => *start = number(field, "search_range", Rule::SearchRangeStart)?,
        "search_range_end" => *end = decimal(field)?,
        "search_step" => ifmr.search_step = number(field, "search_step", Rule::SearchStepPositive)?,
        "max_percentile" => ifmr.max_percentile = number(field, "max_percentile", Rule::Percentile)?,
        "min_percentile" => ifmr.min_percentile = number(field, "min_percentile", Rule::Percentile)?,
        "asymmetric" => ifmr.asymmetric = Some(field.typed(Scalar::bool)?),
        "dst_type" => check_dst_type(field)?,
        _ => {
            return Err(field
                .unknown(&[
                    "search_range_start",
                    "search_range_end",
                    "search_step",
                    "max_percentile",
                    "min_percentile",
                    "asymmetric",
                    "dst_type",
                ])
                .into());
        }
    }
    Ok(())
}

fn set_hfmg(hfmg: &mut Hfmg, field: &Field<'_>) -> Result<(), DefinitionError> {
    match field.name {
        "num_of_bins" => hfmg.num_of_bins = integer(field, "num_of_bins", Rule::NumOfBins)?,
        "asymmetric" => hfmg.asymmetric = Some(field.typed(Scalar::bool)?),
        "dst_type" => check_dst_type(field)?,
        _ => return Err(field.unknown(&["num_of_bins", "asymmetric", "dst_type"]).into()),
    }
    Ok(())
}

fn check_dst_type(field: &Field<'_>) -> Result<(), DefinitionError> {
    match field.typed(Scalar::word)? {
        "INT8" => Ok(()),
        found => Err(DefinitionError::new(field.at, DefinitionFault::DataType(found.to_owned()))),
    }
}
