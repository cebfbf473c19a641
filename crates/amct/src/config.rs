//! Configurations: AMCT's `config.json` and its simplified `.cfg`.
//!
//! [`Configuration`] is one of them, or what the arguments of `create_quant_config` say.

#[doc(inline)]
pub use amct_artifacts::config::{
    ActivationConfig, ConfigError, ConfigFile, FakequantPrecisionMode, LayerConfig, Place, QuantConfig, Rule,
    TensorQuantize, WeightAlgorithm, WeightConfig, activation,
};
#[doc(inline)]
pub use amct_artifacts::definition::{DefinitionError, DefinitionFile};
#[doc(inline)]
pub use amct_artifacts::file::ReadError;

pub use crate::pipeline::Configuration;
