//! AMCT's functions under their own names.

mod convert_model;
mod from_record;
mod quantize_model;
mod save_model;

pub use convert_model::convert_model;
pub use quantize_model::{CalibrationModel, quantize_model};
pub use save_model::save_model;
