//! AMCT's functions under their own names.

mod convert_qat_model;

pub use convert_qat_model::convert_qat_model;
