//! AMCT's functions under their own names.

mod accuracy_based_auto_calibration;

pub use accuracy_based_auto_calibration::accuracy_based_auto_calibration;
