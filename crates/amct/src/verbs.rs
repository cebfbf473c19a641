//! AMCT's functions, under AMCT's names.

mod convert_qat_model;

pub use convert_qat_model::convert_qat_model;
