//! Image files to normalised tensors, as Pillow and numpy would make them:
//! `numpy.float32(Image.open(f).convert("RGB").resize((w, h)))`, minus the mean, over the deviation.

mod decode;
mod jpeg_end;
mod listing;
mod normalization;
mod pixels;
mod preprocessing;
mod resize;
mod set;

pub use listing::{ImageListing, list_images};
pub use normalization::{Normalization, NormalizationError};
pub use pixels::Pixels;
pub use preprocessing::{Preprocessing, load_image, load_pixels};
pub use set::ImageSet;
