//! JPEG and PNG files to RGB pixels, with limits on size and memory.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits, guess_format};

use super::Pixels;
use super::jpeg_end::has_end_of_image;
use crate::DatasetError;

/// The largest side of a JPEG; a PNG may claim 2^31.
const MAX_SIDE: u32 = 65_535;
/// What a decoder may allocate: 178 million RGB pixels, about Pillow's own limit (a "decompression bomb").
const MAX_DECODED_BYTES: u64 = 512 << 20;

/// The pixels of a JPEG or PNG file, told apart by content, as Pillow's `convert("RGB")` gives them:
/// grey three times, palettes looked up, alpha dropped, EXIF orientation and colour profiles ignored.
///
/// Of 16-bit channels the high byte counts. (Pillow does so for colour; for 16-bit grey it clips at
/// 255, which makes nearly everything white.)
pub(super) fn decode(path: &Path) -> Result<Pixels, DatasetError> {
    let (bytes, format) = read(path)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let broken = |reason| DatasetError::BrokenImage { path: path.into(), reason };
    let image = reader.decode().map_err(|error| match error {
        ImageError::Limits(_) => DatasetError::ImageTooLarge { path: path.into() },
        other => broken(other.to_string()),
    })?;
    // u32 to usize loses nothing on the 64-bit machines this is for.
    let (height, width) = (image.height() as usize, image.width() as usize);
    Pixels::new(height, width, rgb_bytes(image)).map_err(|error| broken(error.to_string()))
}

/// Whether a file is an image that was written to its end, as far as that shows without decoding it.
pub(super) fn check(path: &Path) -> Result<(), DatasetError> {
    read(path).map(|_| ())
}

fn read(path: &Path) -> Result<(Vec<u8>, ImageFormat), DatasetError> {
    let bytes = fs::read(path).map_err(|source| DatasetError::Read { path: path.into(), source })?;
    let format = match guess_format(&bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png)) => format,
        _ => return Err(DatasetError::NotAnImage { path: path.into() }),
    };
    if format == ImageFormat::Jpeg && !has_end_of_image(&bytes) {
        return Err(DatasetError::TruncatedImage { path: path.into() });
    }
    Ok((bytes, format))
}

fn rgb_bytes(image: DynamicImage) -> Vec<u8> {
    fn high_bytes(channels: &[u16]) -> Vec<u8> {
        channels.iter().map(|&value| (value >> 8) as u8).collect()
    }
    fn grey(values: impl Iterator<Item = u8>) -> Vec<u8> {
        values.flat_map(|value| [value; 3]).collect()
    }
    fn without_alpha(channels: Vec<u8>) -> Vec<u8> {
        channels.as_chunks::<4>().0.iter().flat_map(|&[red, green, blue, _]| [red, green, blue]).collect()
    }
    match image {
        DynamicImage::ImageRgb8(buffer) => buffer.into_raw(),
        DynamicImage::ImageRgba8(buffer) => without_alpha(buffer.into_raw()),
        DynamicImage::ImageLuma8(buffer) => grey(buffer.into_raw().into_iter()),
        DynamicImage::ImageLumaA8(buffer) => grey(buffer.into_raw().into_iter().step_by(2)),
        DynamicImage::ImageRgb16(buffer) => high_bytes(&buffer),
        DynamicImage::ImageRgba16(buffer) => without_alpha(high_bytes(&buffer)),
        DynamicImage::ImageLuma16(buffer) => grey(high_bytes(&buffer).into_iter()),
        DynamicImage::ImageLumaA16(buffer) => grey(high_bytes(&buffer).into_iter().step_by(2)),
        // Neither format has any other kind of pixel; the enum may grow.
        other => other.into_rgb8().into_raw(),
    }
}

#[cfg(test)]
mod tests {
    use image::{GrayAlphaImage, ImageBuffer, LumaA, Rgba};

    use super::*;

    fn decoded(image: impl Into<DynamicImage>) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.png");
        image.into().save(&path).unwrap();
        decode(&path).unwrap().data().to_vec()
    }

    #[test]
    fn of_16_bits_the_high_byte_counts() {
        let values = vec![0x12FF, 0x3400, 0xFFFF, 0x8080];
        let colour = ImageBuffer::<Rgba<u16>, _>::from_raw(1, 1, values.clone()).unwrap();
        assert_eq!(decoded(colour), [0x12, 0x34, 0xFF]);
        let grey = ImageBuffer::<LumaA<u16>, _>::from_raw(2, 1, values).unwrap();
        assert_eq!(decoded(grey), [0x12, 0x12, 0x12, 0xFF, 0xFF, 0xFF]);
    }

    #[test]
    fn alpha_is_dropped_not_blended() {
        let transparent = GrayAlphaImage::from_raw(1, 1, vec![200, 0]).unwrap();
        assert_eq!(decoded(transparent), [200, 200, 200]);
    }
}
