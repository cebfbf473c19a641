//! AMCT's functions under their own names.

mod accuracy_based_auto_calibration;
mod convert_model;
mod convert_qat_model;
mod create_quant_config;
mod from_record;
mod quantize_model;
mod save_model;
mod set_logging_level;

pub use accuracy_based_auto_calibration::accuracy_based_auto_calibration;
pub use convert_model::convert_model;
pub use convert_qat_model::convert_qat_model;
pub use create_quant_config::{ConfigOptions, create_quant_config};
pub use quantize_model::{CalibrationModel, quantize_model};
pub use save_model::save_model;
pub use set_logging_level::set_logging_level;
