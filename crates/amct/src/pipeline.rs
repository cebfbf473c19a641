//! The quantization job, step by step.
//!
//! Names and order of the steps are AMCT's: fuse, configure, calibrate (`record.txt`), save. Every
//! step is a function of values that can be written to a file and read again.

mod calibrate;
mod configure;
mod prepare;
mod qat;
mod quantize;
mod save;

pub use calibrate::calibrate;
pub use configure::{default_config, graph_layers};
pub use prepare::{PrepareOptions, Prepared, prepare};
pub use qat::prepare_qat;
pub use quantize::{Quantized, quantize};
pub use save::{Artifacts, Encoded, Outputs};
