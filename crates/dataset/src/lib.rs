//! Files to batches: images, .npy arrays, raw .bin batches.
//!
//! * Images: [`list_images`] finds the files of a directory, [`load_pixels`] decodes one and resizes
//!   it as Pillow does, [`ImageSet`] loads many in parallel, keeps the 8-bit pixels of all or of as many
//!   as memory is given for, and makes normalised batches of them on demand, as often as asked.
//! * Labels: [`Labels`] reads the classes of a directory's images from `labels.txt`.
//! * Arrays: [`read_npy`] and [`write_npy`] for numpy's `.npy`.
//! * AMCT's raw batches: [`list_bin_batches`] and [`read_bin_batch`]; [`convert`] to what a graph takes.
//!
//! What a file says about its own size is checked before memory is taken for it, and every
//! [`DatasetError`] names the file or directory it is about.

mod batch_ranges;
mod bin;
mod convert;
mod elements;
mod error;
mod images;
mod labels;
mod npy;

pub use batch_ranges::batch_ranges;
pub use bin::{list_bin_batches, read_bin_batch};
pub use convert::convert;
pub use error::DatasetError;
pub use images::{
    ImageListing, ImageSet, Normalization, NormalizationError, Pixels, Preprocessing, list_images,
    load_image, load_pixels,
};
pub use labels::{LabelledImage, Labels};
pub use npy::{read_npy, write_npy};
