//! Reads the text of a `config.json`: known keys only, each of its type and in its range.

use super::rules::Rule;
use super::section::{Section, wrong_type};
use super::{
    ConfigError, FakequantPrecisionMode, LayerConfig, Place, QuantConfig, TensorQuantize, WeightAlgorithm,
    WeightConfig, activation,
};
use crate::json::{self, Json};

/// The keys at the top that are not layers.
pub(super) const GLOBAL_KEYS: [&str; 8] = [
    "version",
    "batch_num",
    "activation_offset",
    "joint_quant",
    "do_fusion",
    "fakequant_precision_mode",
    "skip_fusion_layers",
    "tensor_quantize",
];

impl QuantConfig {
    /// Reads the text of a `config.json`. Absent keys get their defaults; whether the layers exist is
    /// up to [`check_graph`](Self::check_graph).
    ///
    /// # Errors
    /// Not JSON, an unknown or repeated key, a wrong type or a value out of range, with its place.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let root = json::parse(text).map_err(ConfigError::from)?;
        let top = Section::of(&root, Place { layer: None, path: String::new() })?;
        let defaults = QuantConfig::default();
        top.int("version", Rule::Version)?;
        let mut config = QuantConfig {
            batch_num: top.int("batch_num", Rule::BatchNum)?.unwrap_or(defaults.batch_num),
            activation_offset: top.bool("activation_offset")?.unwrap_or(defaults.activation_offset),
            joint_quant: top.bool("joint_quant")?.unwrap_or(defaults.joint_quant),
            do_fusion: top.bool("do_fusion")?.unwrap_or(defaults.do_fusion),
            fakequant_precision_mode: precision_mode(&top)?,
            skip_fusion_layers: skip_fusion_layers(&top)?,
            tensor_quantize: tensor_quantize(&top)?,
            ..defaults
        };
        for (name, value) in top.entries.iter().filter(|(key, _)| !GLOBAL_KEYS.contains(&key.as_str())) {
            if !matches!(value, Json::Object(_)) {
                return Err(ConfigError::InvalidName { name: name.clone() });
            }
            let place = Place { layer: Some(name.clone()), path: String::new() };
            config.layers.insert(name.clone(), layer(&Section::of(value, place)?)?);
        }
        Ok(config)
    }
}

impl From<json::ParseError> for ConfigError {
    fn from(error: json::ParseError) -> Self {
        match error {
            json::ParseError::Syntax { message, line, column } => {
                ConfigError::Syntax { message, line, column }
            }
            json::ParseError::RepeatedKey { path, key, line, column } => {
                ConfigError::RepeatedKey { path, key, line, column }
            }
        }
    }
}

fn precision_mode(top: &Section<'_>) -> Result<FakequantPrecisionMode, ConfigError> {
    let key = "fakequant_precision_mode";
    match top.string(key)? {
        None | Some("DEFAULT") => Ok(FakequantPrecisionMode::Default),
        Some("FORCE_FP16_QUANT") => Ok(FakequantPrecisionMode::ForceFp16Quant),
        Some(other) => Err(top.broken(key, Rule::FakequantPrecisionMode, other)),
    }
}

fn skip_fusion_layers(top: &Section<'_>) -> Result<Vec<String>, ConfigError> {
    let list = "skip_fusion_layers";
    let mut names: Vec<String> = Vec::new();
    for (index, item) in top.array(list)?.unwrap_or_default().iter().enumerate() {
        let Json::String(name) = item else {
            return Err(wrong_type(top.place.child(&format!("{list}[{index}]")), "<class 'str'>", item));
        };
        if names.contains(name) {
            return Err(ConfigError::RepeatedItem { list, name: name.clone() });
        }
        names.push(name.clone());
    }
    Ok(names)
}

fn tensor_quantize(top: &Section<'_>) -> Result<Vec<TensorQuantize>, ConfigError> {
    let list = "tensor_quantize";
    let mut tensors: Vec<TensorQuantize> = Vec::new();
    for (index, item) in top.array(list)?.unwrap_or_default().iter().enumerate() {
        let tensor = tensor(&Section::of(item, top.place.child(&format!("{list}[{index}]")))?)?;
        // Both would have the same key in the record.
        if tensors.iter().any(|other| other.key() == tensor.key()) {
            return Err(ConfigError::RepeatedItem { list, name: tensor.key() });
        }
        tensors.push(tensor);
    }
    Ok(tensors)
}

fn tensor(section: &Section<'_>) -> Result<TensorQuantize, ConfigError> {
    section.only(&["layer_name", "input_index", "activation_quant_params"])?;
    let missing = |key: &str| ConfigError::Missing { place: section.place.child(key) };
    Ok(TensorQuantize {
        layer_name: section.string("layer_name")?.ok_or_else(|| missing("layer_name"))?.to_owned(),
        input_index: section.int("input_index", Rule::InputIndex)?.ok_or_else(|| missing("input_index"))?,
        activation: activation::read(section)?,
    })
}

fn layer(section: &Section<'_>) -> Result<LayerConfig, ConfigError> {
    section.only(&[
        "quant_enable",
        "dmq_balancer_param",
        "activation_quant_params",
        "weight_quant_params",
    ])?;
    Ok(LayerConfig {
        quant_enable: section.bool("quant_enable")?.unwrap_or(true),
        dmq_balancer_param: section.number("dmq_balancer_param", Rule::DmqBalancer)?,
        activation: activation::read(section)?,
        weight: weight(section)?,
    })
}

fn weight(parent: &Section<'_>) -> Result<WeightConfig, ConfigError> {
    let defaults = WeightConfig::default();
    let Some(section) = parent.section("weight_quant_params")? else { return Ok(defaults) };
    section.only(&["num_bits", "channel_wise", "wts_algo"])?;
    let wts_algo = match section.string("wts_algo")? {
        None | Some("arq_quantize") => WeightAlgorithm::ArqQuantize,
        Some(other) => return Err(section.broken("wts_algo", Rule::WtsAlgo, other)),
    };
    Ok(WeightConfig {
        num_bits: section.int("num_bits", Rule::WeightBits)?.unwrap_or(defaults.num_bits),
        channel_wise: section.bool("channel_wise")?,
        wts_algo,
    })
}
