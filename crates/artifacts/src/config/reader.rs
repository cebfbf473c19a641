//! Reads the text of a `config.json`: known keys only, each of its type and in its range.

use super::rules::{self, Rule};
use super::section::{Section, number, wrong_type};
use super::{
    ActivationConfig, ConfigError, FakequantPrecisionMode, Hfmg, Ifmr, LayerConfig, Place, QuantConfig,
    TensorQuantize, WeightAlgorithm, WeightConfig,
};
use crate::json::{self, Json, python_float};

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
        activation: activation(section)?,
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
        activation: activation(section)?,
        weight: weight(section)?,
    })
}

/// The `activation_quant_params` of a layer or of a tensor.
fn activation(parent: &Section<'_>) -> Result<ActivationConfig, ConfigError> {
    let Some(section) = parent.section("activation_quant_params")? else {
        return Ok(ActivationConfig::default());
    };
    section.only(&[
        "num_bits",
        "max_percentile",
        "min_percentile",
        "search_range",
        "search_step",
        "act_algo",
        "asymmetric",
        "num_of_bins",
    ])?;
    let algorithm = section.string("act_algo")?;
    if let Some(other) = algorithm.filter(|name| !["ifmr", "hfmg"].contains(name)) {
        return Err(section.broken("act_algo", Rule::ActAlgo, other));
    }
    if uses_hfmg(&section, algorithm)? {
        return Ok(ActivationConfig::Hfmg(hfmg(&section)?));
    }
    ifmr(&section).map(ActivationConfig::Ifmr)
}

/// Whether the parameters are those of HFMG; an error if they are of both algorithms.
fn uses_hfmg(section: &Section<'_>, algorithm: Option<&str>) -> Result<bool, ConfigError> {
    let of = |keys: &[&str], name: &str| {
        let mut found: Vec<String> = section
            .entries
            .iter()
            .map(|(key, _)| key.clone())
            .filter(|key| keys.contains(&key.as_str()))
            .collect();
        if algorithm == Some(name) {
            found.push("act_algo".into());
        }
        found
    };
    let ifmr = of(&["max_percentile", "min_percentile", "search_range", "search_step"], "ifmr");
    let hfmg = of(&["num_of_bins"], "hfmg");
    if !ifmr.is_empty() && !hfmg.is_empty() {
        return Err(ConfigError::MixedAlgorithms { place: section.place.clone(), ifmr, hfmg });
    }
    Ok(!hfmg.is_empty())
}

fn hfmg(section: &Section<'_>) -> Result<Hfmg, ConfigError> {
    let defaults = Hfmg::default();
    Ok(Hfmg {
        num_bits: section.int("num_bits", Rule::ActivationBits)?.unwrap_or(defaults.num_bits),
        num_of_bins: section.int("num_of_bins", Rule::NumOfBins)?.unwrap_or(defaults.num_of_bins),
        asymmetric: section.bool("asymmetric")?,
    })
}

fn ifmr(section: &Section<'_>) -> Result<Ifmr, ConfigError> {
    let defaults = Ifmr::default();
    let percentile = |key: &str| section.number(key, Rule::Percentile);
    let ifmr = Ifmr {
        num_bits: section.int("num_bits", Rule::ActivationBits)?.unwrap_or(defaults.num_bits),
        max_percentile: percentile("max_percentile")?.unwrap_or(defaults.max_percentile),
        min_percentile: percentile("min_percentile")?.unwrap_or(defaults.min_percentile),
        search_range: search_range(section)?.unwrap_or(defaults.search_range),
        search_step: section.number("search_step", Rule::SearchStepPositive)?.unwrap_or(defaults.search_step),
        asymmetric: section.bool("asymmetric")?,
    };
    if !rules::step_fits(ifmr.search_step, ifmr.search_range) {
        let [start, end] = ifmr.search_range.map(python_float);
        let found = format!("{} for [{start}, {end}]", python_float(ifmr.search_step));
        return Err(section.broken("search_step", Rule::SearchStepFits, found));
    }
    Ok(ifmr)
}

fn search_range(section: &Section<'_>) -> Result<Option<[f64; 2]>, ConfigError> {
    let key = "search_range";
    let Some(items) = section.array(key)? else { return Ok(None) };
    let [start, end] = items else {
        return Err(section.broken(key, Rule::SearchRangeLength, format!("{} values", items.len())));
    };
    let bound =
        |item| number(item).ok_or_else(|| wrong_type(section.place.child(key), "<class 'float'>", item));
    let (start, end) = (bound(start)?, bound(end)?);
    if !Rule::SearchRangeStart.allows_number(start) {
        return Err(section.broken(key, Rule::SearchRangeStart, python_float(start)));
    }
    if start >= end {
        let found = format!("[{}, {}]", python_float(start), python_float(end));
        return Err(section.broken(key, Rule::SearchRangeOrder, found));
    }
    Ok(Some([start, end]))
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
