//! Writes a configuration as AMCT's `config.json`, byte for byte in its layout.

use super::{
    ActivationConfig, FakequantPrecisionMode, LayerConfig, QuantConfig, TensorQuantize, VERSION,
    WeightAlgorithm, WeightConfig,
};
use crate::json::{self, Json, Style};

impl QuantConfig {
    /// The text of the file: four blanks of indent, none after a colon, keys in AMCT's order, layers
    /// sorted by name, no newline at the end.
    pub fn to_json(&self) -> String {
        let mut entries = vec![
            ("version", int(VERSION)),
            ("batch_num", int(self.batch_num)),
            ("activation_offset", Json::Bool(self.activation_offset)),
            ("joint_quant", Json::Bool(self.joint_quant)),
            ("do_fusion", Json::Bool(self.do_fusion)),
        ];
        if self.fakequant_precision_mode == FakequantPrecisionMode::ForceFp16Quant {
            entries.push(("fakequant_precision_mode", Json::string("FORCE_FP16_QUANT")));
        }
        let names = self.skip_fusion_layers.iter().map(Json::string).collect();
        entries.push(("skip_fusion_layers", Json::Array(names)));
        if !self.tensor_quantize.is_empty() {
            entries.push(("tensor_quantize", Json::Array(self.tensor_quantize.iter().map(tensor).collect())));
        }
        let layers = self.layers.iter().map(|(name, config)| (name.as_str(), layer(config)));
        json::to_python_text(&Json::object(entries.into_iter().chain(layers)), Style::CONFIG)
    }
}

fn int(value: u32) -> Json {
    Json::Int(i64::from(value))
}

fn tensor(tensor: &TensorQuantize) -> Json {
    Json::object([
        ("layer_name", Json::string(&tensor.layer_name)),
        ("input_index", int(tensor.input_index)),
        ("activation_quant_params", activation(&tensor.activation)),
    ])
}

fn layer(layer: &LayerConfig) -> Json {
    let mut entries = vec![("quant_enable", Json::Bool(layer.quant_enable))];
    entries.extend(layer.dmq_balancer_param.map(|value| ("dmq_balancer_param", Json::Float(value))));
    entries.push(("activation_quant_params", activation(&layer.activation)));
    entries.push(("weight_quant_params", weight(&layer.weight)));
    Json::object(entries)
}

fn activation(activation: &ActivationConfig) -> Json {
    let mut entries = Vec::new();
    let asymmetric = activation.asymmetric().map(|value| ("asymmetric", Json::Bool(value)));
    match activation {
        ActivationConfig::Ifmr(ifmr) => {
            entries.push(("num_bits", int(ifmr.num_bits)));
            entries.push(("max_percentile", Json::Float(ifmr.max_percentile)));
            entries.push(("min_percentile", Json::Float(ifmr.min_percentile)));
            entries.push(("search_range", Json::Array(ifmr.search_range.map(Json::Float).into())));
            entries.push(("search_step", Json::Float(ifmr.search_step)));
            entries.push(("act_algo", Json::string("ifmr")));
            entries.extend(asymmetric);
        }
        ActivationConfig::Hfmg(hfmg) => {
            entries.push(("num_bits", int(hfmg.num_bits)));
            entries.push(("act_algo", Json::string("hfmg")));
            entries.extend(asymmetric);
            entries.push(("num_of_bins", int(hfmg.num_of_bins)));
        }
    }
    Json::object(entries)
}

fn weight(weight: &WeightConfig) -> Json {
    let WeightAlgorithm::ArqQuantize = weight.wts_algo;
    let mut entries = vec![("num_bits", int(weight.num_bits))];
    entries.extend(weight.channel_wise.map(|value| ("channel_wise", Json::Bool(value))));
    entries.push(("wts_algo", Json::string("arq_quantize")));
    Json::object(entries)
}
