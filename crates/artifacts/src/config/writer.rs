//! Writes a configuration as AMCT's `config.json`, byte for byte in its layout.

use super::{
    FakequantPrecisionMode, LayerConfig, QuantConfig, TensorQuantize, VERSION, WeightAlgorithm, WeightConfig,
    activation,
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
        ("activation_quant_params", activation::write(&tensor.activation)),
    ])
}

fn layer(layer: &LayerConfig) -> Json {
    let mut entries = vec![("quant_enable", Json::Bool(layer.quant_enable))];
    entries.extend(layer.dmq_balancer_param.map(|value| ("dmq_balancer_param", Json::Float(value))));
    entries.push(("activation_quant_params", activation::write(&layer.activation)));
    entries.push(("weight_quant_params", weight(&layer.weight)));
    Json::object(entries)
}

fn weight(weight: &WeightConfig) -> Json {
    let WeightAlgorithm::ArqQuantize = weight.wts_algo;
    let mut entries = vec![("num_bits", int(weight.num_bits))];
    entries.extend(weight.channel_wise.map(|value| ("channel_wise", Json::Bool(value))));
    entries.push(("wts_algo", Json::string("arq_quantize")));
    Json::object(entries)
}
