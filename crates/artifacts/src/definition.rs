//! The simplified configuration (`.cfg`): what to quantize and how, in a few lines of protobuf text.
//!
//! The schema is `proto/amct/calibration_config_tf.proto`; what it leaves to the graph and to defaults,
//! [`ConfigDefinition::create_config`] fills in, which gives a [`QuantConfig`](crate::config::QuantConfig).
//!
//! # What counts for a layer
//! `override_layer_configs` before `override_layer_types` before `common_config`. As in AMCT a layer
//! takes one of them as a whole: what an override leaves out has its default, not the value of the
//! `common_config`. The exception is `asymmetric`, which falls back to the `common_config` if that is for
//! the same algorithm, and then to `activation_offset`.
//!
//! Of two algorithms for one thing, and of a single-valued field given twice, the last one in the
//! file counts; a message given twice is merged, as protobuf does.

mod activation;
mod calibration;
mod check;
mod create;
mod error;
mod field;
mod file;
mod reader;

use crate::config::{ActivationConfig, FakequantPrecisionMode};

pub use crate::text_format::Position;
pub use error::{DefinitionError, DefinitionFault};
pub use file::DefinitionFile;

/// Something from the file, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// What is there.
    pub value: T,
    /// The place of its field's name; of an element of a list in brackets, of the element.
    pub at: Position,
}

/// What a `.cfg` file holds (`AMCTConfig`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigDefinition {
    /// Batches used for calibration, at least 1; absent means 1.
    pub batch_num: Option<u32>,
    /// Whether activations have a zero offset where nothing else says so; absent means true.
    pub activation_offset: Option<bool>,
    /// Whether the branches of an elementwise operation share their factors; absent means false.
    pub joint_quant: Option<bool>,
    /// Whether batch norms are folded; absent means true.
    pub do_fusion: Option<bool>,
    /// How `scale_d` is rounded in the simulation.
    pub fakequant_precision_mode: FakequantPrecisionMode,
    /// Layers that are not quantized.
    pub skip_layers: Vec<Located<String>>,
    /// Operation types that are not quantized.
    pub skip_layer_types: Vec<Located<String>>,
    /// Layers that no batch norm is folded into.
    pub skip_fusion_layers: Vec<Located<String>>,
    /// What counts for all layers that have nothing of their own.
    pub common_config: Option<CalibrationConfig>,
    /// What counts for an operation type.
    pub override_layer_types: Vec<Override>,
    /// What counts for a layer.
    pub override_layer_configs: Vec<Override>,
    /// Inputs of layers without weights that are quantized too.
    pub tensor_quantize: Vec<TensorDefinition>,
}

/// What counts for one layer, or for one type of layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// The layer's name, or the type.
    pub name: Located<String>,
    /// What counts for it.
    pub config: CalibrationConfig,
}

/// How layers are quantized (`CalibrationConfig`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CalibrationConfig {
    /// The `channel_wise` of `arq_quantize`; absent means that of the layer's type.
    pub channel_wise: Option<Located<bool>>,
    /// The algorithm of the activations; absent means IFMR with its defaults.
    pub activation: Option<ActivationConfig>,
    /// The `migration_strength` of `dmq_balancer`; absent means no balancing.
    pub dmq_balancer: Option<Located<f64>>,
}

/// One input of a layer without weights (`TensorQuantize`).
#[derive(Clone, Debug, PartialEq)]
pub struct TensorDefinition {
    /// The node whose input is quantized.
    pub layer_name: Located<String>,
    /// Which input, from 0.
    pub input_index: Located<u32>,
    /// How its scale and offset are found.
    pub activation: ActivationConfig,
}

#[cfg(test)]
mod tests;
