//! AMCT's functions under their own names.

mod create_quant_config;
mod set_logging_level;

pub use create_quant_config::{ConfigOptions, create_quant_config};
pub use set_logging_level::set_logging_level;
