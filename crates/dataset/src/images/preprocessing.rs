//! All that is done to an image before a network sees it: decode, resize, normalise.

use std::path::Path;

use amct_tensor::{DataFormat, Tensor};

use super::decode::decode;
use super::resize::resize;
use super::{Normalization, Pixels};
use crate::DatasetError;

/// No network takes larger images; a model's input shape is not trusted either.
const MAX_TARGET_SIDE: usize = 16_384;

/// What is done to an image before a network sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Preprocessing {
    /// Rows to resize to, in pixels.
    pub height: usize,
    /// Columns to resize to, in pixels.
    pub width: usize,
    /// Pixels to real numbers.
    pub normalization: Normalization,
    /// Where the channels go.
    pub format: DataFormat,
}

impl Preprocessing {
    /// This size, with the default normalisation, NHWC.
    pub fn new(height: usize, width: usize) -> Self {
        Self { height, width, normalization: Normalization::default(), format: DataFormat::default() }
    }
}

/// The image in a JPEG or PNG file as a batch of one: f32, `[1, height, width, 3]`, or
/// `[1, 3, height, width]` for NCHW.
///
/// # Errors
/// Those of [`load_pixels`].
pub fn load_image(path: impl AsRef<Path>, preprocessing: &Preprocessing) -> Result<Tensor, DatasetError> {
    let Preprocessing { height, width, ref normalization, format } = *preprocessing;
    let path = path.as_ref();
    load_pixels(path, height, width)?
        .to_tensor(normalization, format)
        .map_err(|source| DatasetError::Tensor { path: path.into(), source })
}

/// The image in a JPEG or PNG file, as Pillow's `Image.open(path).convert("RGB").resize((width, height))`
/// gives it, except for what JPEG decoders differ in (a few levels at most).
///
/// # Errors
/// [`DatasetError::Read`], [`DatasetError::NotAnImage`], [`DatasetError::TruncatedImage`],
/// [`DatasetError::BrokenImage`], [`DatasetError::ImageTooLarge`]; [`DatasetError::TargetSize`] if
/// height or width is 0 or above 16384.
pub fn load_pixels(path: impl AsRef<Path>, height: usize, width: usize) -> Result<Pixels, DatasetError> {
    let path = path.as_ref();
    if [height, width].iter().any(|side| !(1..=MAX_TARGET_SIDE).contains(side)) {
        return Err(DatasetError::TargetSize { path: path.into(), height, width });
    }
    Ok(resize(decode(path)?, height, width))
}
