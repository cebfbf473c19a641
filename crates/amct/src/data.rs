//! Data to calibrate on, to compare on and to run a model on: batches of one's own or from files.
//!
//! Whatever is [`Batches`] will do: a vector of [`Feeds`], a function ([`from_fn`]), the images of a directory
//! ([`ImageBatches`]), AMCT's raw files ([`BinBatches`]), files for several inputs ([`FileInputs`]), or a type
//! of one's own.

#[doc(inline)]
pub use amct_calibration::{BatchError, Batches, FromFn, from_fn};
#[doc(inline)]
pub use amct_dataset::{
    DatasetError, LabelledImage, Labels, Normalization, NormalizationError, list_images, read_npy, write_npy,
};
#[doc(inline)]
pub use amct_interpreter::Feeds;

pub use crate::probe::ZeroBatch;
pub use crate::sources::{BinBatches, BinInput, FileInputs, GivenInput, ImageBatches, single_image};
