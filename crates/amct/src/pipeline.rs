//! The quantization job, step by step.
//!
//! Names and order of the steps are AMCT's: fold, configure, calibrate (`record.txt`), save. Every
//! step is a function of values that can be written to a file and read again.

pub(crate) mod balance;
mod calibrate;
mod configuration;
mod configure;
mod precision;
mod prepare;
mod qat;
mod quantize;
pub(crate) mod recorded;
mod save;

#[doc(inline)]
pub use amct_rewrite::{FoldReport, LayerScan, QuantizableLayer};
pub use balance::{quantize_preprocess, set_dmq_balancer};
pub use calibrate::{CalibrateOptions, Calibration, calibrate};
pub use configuration::Configuration;
pub use configure::{default_config, graph_layers};
pub use prepare::{PrepareOptions, Prepared, prepare};
pub use qat::prepare_qat;
pub use quantize::{Quantized, quantize};
pub use save::{Artifacts, Encoded, Outputs};
