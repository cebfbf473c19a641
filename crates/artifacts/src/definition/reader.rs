//! Reads the text of a `.cfg` file, the fields of `AMCTConfig` at its top, and the overrides in it.

use std::sync::LazyLock;

use super::activation;
use super::calibration::Calibration;
use super::field::{integer, not_supported, string};
use super::{ConfigDefinition, DefinitionError, DefinitionFault, Located, Override, TensorDefinition};
use crate::config::{ConfigError, FakequantPrecisionMode, Rule};
use crate::text_format::{self, Field, Scalar};

/// The module that AMCT logs under here.
const MODULE: &str = "Proto_config";

/// The fields of `AMCTConfig`.
const FIELDS: &[&str] = &[
    "batch_num",
    "activation_offset",
    "joint_quant",
    "skip_layers",
    "skip_layer_types",
    "fakequant_precision_mode",
    "common_config",
    "override_layer_types",
    "override_layer_configs",
    "do_fusion",
    "skip_fusion_layers",
    "tensor_quantize",
];

/// The fields of `TensorQuantize`.
static TENSOR_FIELDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| [&["layer_name", "input_index"], activation::messages()].concat());

const NO_NUQ: &str =
    "AMCT has dropped non-uniform quantization; take it out to have weights quantized uniformly";

const DEPRECATED: &str = "AMCT has deprecated it; use common_config and override_layer_types instead";

impl ConfigDefinition {
    /// Reads the text of a `.cfg` file. Whether its names exist is up to
    /// [`create_config`](Self::create_config).
    ///
    /// # Errors
    /// Not protobuf text, a field that the schema does not have or amct does not support, a value of
    /// another type or out of range, an incomplete override, a name given twice; with its place.
    pub fn parse(text: &str) -> Result<Self, DefinitionError> {
        let mut definition = Self::default();
        let mut common = None;
        for field in &text_format::parse(text)? {
            definition.set(field, &mut common)?;
        }
        definition.common_config = common.map(Calibration::finish).transpose()?;
        definition.check_repeated()?;
        Ok(definition)
    }

    fn set(&mut self, field: &Field<'_>, common: &mut Option<Calibration>) -> Result<(), DefinitionError> {
        match field.name {
            "batch_num" => {
                self.batch_num = Some(integer(field, "batch_num", Rule::BatchNum)?);
            }
            "activation_offset" => self.activation_offset = Some(field.typed(Scalar::bool)?),
            "joint_quant" => self.joint_quant = Some(field.typed(Scalar::bool)?),
            "do_fusion" => self.do_fusion = Some(field.typed(Scalar::bool)?),
            "fakequant_precision_mode" => self.fakequant_precision_mode = precision_mode(field)?,
            "skip_layers" => self.skip_layers.push(string(field)?),
            "skip_layer_types" => self.skip_layer_types.push(string(field)?),
            "skip_fusion_layers" => self.skip_fusion_layers.push(string(field)?),
            "common_config" => common.get_or_insert_default().merge(field)?,
            "override_layer_types" => {
                self.override_layer_types.push(overriding(field, "layer_type")?);
            }
            "override_layer_configs" => {
                self.override_layer_configs.push(overriding(field, "layer_name")?);
            }
            "tensor_quantize" => self.tensor_quantize.push(tensor(field)?),
            "skip_approximation_layers" => log::warn!(
                target: MODULE,
                "{}: skip_approximation_layers is ignored: it is about the approximation of operators, which \
                 quantization does not do",
                field.at
            ),
            "nuq_config" => return Err(not_supported(field, NO_NUQ)),
            "conv_calibration_config" | "fc_calibration_config" => {
                return Err(not_supported(field, DEPRECATED));
            }
            _ => return Err(field.unknown(FIELDS).into()),
        }
        Ok(())
    }

    fn check_repeated(&self) -> Result<(), DefinitionError> {
        let names = |overrides: &[Override]| overrides.iter().map(|item| item.name.clone()).collect();
        let tensors = self.tensor_quantize.iter().map(|tensor| Located {
            value: format!("{}:{}", tensor.layer_name.value, tensor.input_index.value),
            at: tensor.layer_name.at,
        });
        let lists: [(&'static str, Vec<Located<String>>); 6] = [
            ("skip_layers", self.skip_layers.clone()),
            ("skip_layer_types", self.skip_layer_types.clone()),
            ("skip_fusion_layers", self.skip_fusion_layers.clone()),
            ("override_layer_types", names(&self.override_layer_types)),
            ("override_layer_configs", names(&self.override_layer_configs)),
            ("tensor_quantize", tensors.collect()),
        ];
        for (list, names) in lists {
            let mut seen = std::collections::BTreeSet::new();
            if let Some(again) = names.into_iter().find(|name| !seen.insert(name.value.clone())) {
                return Err(DefinitionError::new(
                    again.at,
                    ConfigError::RepeatedItem { list, name: again.value },
                ));
            }
        }
        Ok(())
    }
}

fn precision_mode(field: &Field<'_>) -> Result<FakequantPrecisionMode, DefinitionError> {
    match field.typed(Scalar::word)? {
        "DEFAULT" => Ok(FakequantPrecisionMode::Default),
        "FORCE_FP16_QUANT" => Ok(FakequantPrecisionMode::ForceFp16Quant),
        found => {
            let accepted = &["DEFAULT", "FORCE_FP16_QUANT"];
            let fault = DefinitionFault::Word {
                field: "fakequant_precision_mode",
                found: found.to_owned(),
                accepted,
            };
            Err(DefinitionError::new(field.at, fault))
        }
    }
}

/// An override whose name is in the field `name`.
fn overriding(field: &Field<'_>, name: &'static str) -> Result<Override, DefinitionError> {
    let accepted: &[&str] = match name {
        "layer_type" => &["layer_type", "calibration_config"],
        _ => &["layer_name", "calibration_config"],
    };
    let (mut named, mut calibration) = (None, None);
    for inner in field.message()? {
        match inner.name {
            found if found == name => named = Some(string(inner)?),
            "calibration_config" => calibration.get_or_insert_with(Calibration::default).merge(inner)?,
            _ => return Err(inner.unknown(accepted).into()),
        }
    }
    let missing = |field_name| {
        let message = field.name.to_owned();
        DefinitionError::new(field.at, DefinitionFault::Missing { field: field_name, message })
    };
    Ok(Override {
        name: named.ok_or_else(|| missing(name))?,
        config: calibration.ok_or_else(|| missing("calibration_config"))?.finish()?,
    })
}

fn tensor(field: &Field<'_>) -> Result<TensorDefinition, DefinitionError> {
    let (mut layer_name, mut input_index) = (None, None);
    let mut calibration = Calibration::default();
    for inner in field.message()? {
        match inner.name {
            "layer_name" => layer_name = Some(string(inner)?),
            "input_index" => {
                input_index = Some(Located { value: inner.typed(Scalar::uint32)?, at: inner.at });
            }
            message if activation::algorithm(message).is_some() => calibration.set(inner)?,
            _ => return Err(inner.unknown(&TENSOR_FIELDS).into()),
        }
    }
    let missing = |name| DefinitionError::new(field.at, DefinitionFault::TensorMissing { field: name });
    Ok(TensorDefinition {
        layer_name: layer_name.ok_or_else(|| missing("layer_name"))?,
        input_index: input_index.ok_or_else(|| missing("input_index"))?,
        activation: calibration.finish()?.activation.unwrap_or_default(),
    })
}
