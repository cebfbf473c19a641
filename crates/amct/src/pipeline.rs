//! The quantization job, step by step.
//!
//! Names and order of the steps are AMCT's: fuse, configure, calibrate (`record.txt`), save. Every
//! step is a function of values that can be written to a file and read again.

mod calibrate;
mod configure;
mod prepare;
mod quantize;
mod save;

pub use calibrate::calibrate;
pub(crate) use calibrate::calibrate_unknown;
pub use configure::{default_config, graph_layers};
pub use prepare::{PrepareOptions, Prepared, prepare};
pub use quantize::{Quantized, quantize};
pub use save::{Artifacts, Encoded, Outputs};
