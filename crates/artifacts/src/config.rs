//! `config.json`: which layers are quantized, and how.
//!
//! # Choices where AMCT's versions differ
//! * Key order is that of the newest shared code: `channel_wise` before `wts_algo` (AMCT 6.0.1 printed
//!   them the other way round), and in `activation_quant_params` `act_algo`, `asymmetric`, then
//!   `num_of_bins`. A reader does not mind the order.
//! * `joint_quant` is written, because AMCT for TensorFlow has it; `fakequant_precision_mode` and
//!   `tensor_quantize` only when set.
//! * An absent `quant_enable` means true, as the manual says.
//! * `act_algo` may be an algorithm of amct's own, which AMCT refuses (see [`activation`]).
//! * Only 8 bits and `arq_quantize` are accepted: TensorFlow graphs for Ascend have no others.
//!
//! An absent `asymmetric` means the global `activation_offset`; an absent `channel_wise` is up to the
//! layer's type. Both stay `None` here until [`QuantConfig::resolve`] fills them in.

pub mod activation;
mod create;
mod error;
mod file;
mod graph;
mod position;
mod reader;
mod rules;
mod section;
pub mod types;
mod writer;

use std::collections::BTreeMap;
use std::path::Path;

pub use activation::ActivationConfig;
pub use error::{ConfigError, Place};
pub use file::ConfigFile;
pub use graph::{ChannelWise, GraphLayer};
pub use rules::Rule;
pub(crate) use rules::step_fits;

use self::activation::Algorithm;
use crate::atomic::{self, WriteError};
use crate::file::ReadError;

/// The only version of the file.
pub const VERSION: u32 = 1;

/// What `config.json` holds.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantConfig {
    /// Batches used for calibration, at least 1.
    pub batch_num: u32,
    /// Whether activations have a zero offset, unless the layer's `asymmetric` says otherwise.
    pub activation_offset: bool,
    /// Whether the branches of an elementwise operation share their factors.
    pub joint_quant: bool,
    /// Whether batch norms are folded.
    pub do_fusion: bool,
    /// How `scale_d` is rounded in the simulation.
    pub fakequant_precision_mode: FakequantPrecisionMode,
    /// Layers that no batch norm is folded into.
    pub skip_fusion_layers: Vec<String>,
    /// Inputs of layers without weights that are quantized too.
    pub tensor_quantize: Vec<TensorQuantize>,
    /// The quantizable layers by node name.
    pub layers: BTreeMap<String, LayerConfig>,
}

impl Default for QuantConfig {
    fn default() -> Self {
        Self {
            batch_num: 1,
            activation_offset: true,
            joint_quant: false,
            do_fusion: true,
            fakequant_precision_mode: FakequantPrecisionMode::Default,
            skip_fusion_layers: Vec::new(),
            tensor_quantize: Vec::new(),
            layers: BTreeMap::new(),
        }
    }
}

/// The precision `scale_d` is kept at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FakequantPrecisionMode {
    /// f32. Not written.
    #[default]
    Default,
    /// Rounded through f16, kept as f32.
    ForceFp16Quant,
}

/// One layer of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerConfig {
    /// Whether the layer is quantized.
    pub quant_enable: bool,
    /// The migration strength of the DMQ balancer, in \[0.2, 0.8\]; `None` without balancing.
    pub dmq_balancer_param: Option<f64>,
    /// How the scale and offset of the input are found.
    pub activation: ActivationConfig,
    /// How the weights are quantized. Written for layers without weights as well, and ignored there.
    pub weight: WeightConfig,
}

impl Default for LayerConfig {
    fn default() -> Self {
        Self {
            quant_enable: true,
            dmq_balancer_param: None,
            activation: ActivationConfig::default(),
            weight: WeightConfig::default(),
        }
    }
}

/// One input of a layer without weights (`MaxPool`, `Add`).
#[derive(Clone, Debug, PartialEq)]
pub struct TensorQuantize {
    /// The node whose input is quantized.
    pub layer_name: String,
    /// Which input, from 0.
    pub input_index: u32,
    /// How its scale and offset are found.
    pub activation: ActivationConfig,
}

impl TensorQuantize {
    /// The key of the tensor in the record, `layer:index`.
    pub fn key(&self) -> String {
        format!("{}:{}", self.layer_name, self.input_index)
    }
}

/// Parameters of the weights' quantization.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightConfig {
    /// Bits of the quantized weights: 8.
    pub num_bits: u32,
    /// One scale per output channel, or one for the tensor; `None` leaves it to the layer's type.
    pub channel_wise: Option<bool>,
    /// The algorithm.
    pub wts_algo: WeightAlgorithm,
}

impl Default for WeightConfig {
    fn default() -> Self {
        Self { num_bits: 8, channel_wise: None, wts_algo: WeightAlgorithm::ArqQuantize }
    }
}

/// How weights are quantized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightAlgorithm {
    /// Scale from the extreme value (`wts_algo` "arq_quantize").
    #[default]
    ArqQuantize,
}

impl QuantConfig {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// [`ReadError`] names the file and the place in it; see [`from_json`](Self::from_json) for its
    /// contents.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ReadError<ConfigError>> {
        ConfigFile::read(path).map(ConfigFile::into_config)
    }

    /// Writes [`to_json`](Self::to_json) to `path`, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), WriteError> {
        let path = path.as_ref();
        atomic::write(path, self.to_json().as_bytes())?;
        log::info!(target: "Config", "Generate config file:{} success!", path.display());
        Ok(())
    }

    /// Checks the values of a configuration that was not read from a file, by the rules of the reader.
    ///
    /// # Errors
    /// Those of [`from_json`](Self::from_json).
    pub fn validate(&self) -> Result<(), ConfigError> {
        Self::from_json(&self.to_json()).map(drop)
    }

    /// Whether an activation of this configuration has a zero offset.
    pub fn is_asymmetric(&self, activation: &ActivationConfig) -> bool {
        activation.asymmetric.unwrap_or(self.activation_offset)
    }

    /// Has every layer's activation calibrated by this algorithm, with its defaults. Where `asymmetric` is
    /// set it stays.
    pub fn use_algorithm(&mut self, algorithm: &'static Algorithm) {
        for layer in self.layers.values_mut() {
            let asymmetric = layer.activation.asymmetric;
            layer.activation = ActivationConfig::new(algorithm);
            layer.activation.asymmetric = asymmetric;
        }
    }
}

#[cfg(test)]
mod tests;
