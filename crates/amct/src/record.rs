//! Records: the factors that calibration finds, AMCT's `record.txt`.

#[doc(inline)]
pub use amct_artifacts::record::{Record, RecordEntry, RecordError};
