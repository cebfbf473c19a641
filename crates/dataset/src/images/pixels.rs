//! An RGB image of 8 bits per channel, and its normalised tensor in NHWC or NCHW.

use amct_tensor::{DType, DataFormat, Tensor, TensorError, checked_len};

use super::Normalization;

/// Channels of a pixel: red, green, blue.
pub(super) const CHANNELS: usize = 3;

/// An RGB image of 8 bits per channel, shape `[height, width, 3]`, row-major; never without pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    height: usize,
    width: usize,
    data: Vec<u8>,
}

impl Pixels {
    /// The image of these bytes.
    ///
    /// # Errors
    /// [`TensorError::Length`] if `data` is not `height * width * 3` bytes or there are none;
    /// [`TensorError::TooLarge`] beyond the limit of a tensor.
    pub fn new(height: usize, width: usize, data: Vec<u8>) -> Result<Self, TensorError> {
        let shape = [height, width, CHANNELS];
        if checked_len(&shape, DType::U8)? != data.len() || data.is_empty() {
            return Err(TensorError::Length { shape: shape.to_vec(), found: data.len() });
        }
        Ok(Self { height, width, data })
    }

    /// For sizes that come out right by construction: at least one pixel, and all of them in `data`.
    pub(super) fn of_parts(height: usize, width: usize, data: Vec<u8>) -> Self {
        debug_assert_eq!(height * width * CHANNELS, data.len());
        Self { height, width, data }
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The bytes, `[height, width, 3]`.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The normalised image as a batch of one: f32, `[1, height, width, 3]` or `[1, 3, height, width]`.
    ///
    /// # Errors
    /// [`TensorError::TooLarge`] if it is beyond the limit of a tensor as f32.
    pub fn to_tensor(
        &self,
        normalization: &Normalization,
        format: DataFormat,
    ) -> Result<Tensor, TensorError> {
        batch_tensor(std::slice::from_ref(self), normalization, format)
    }
}

/// The normalised images, all of the size of the first, one after the other.
pub(super) fn batch_tensor(
    images: &[Pixels],
    normalization: &Normalization,
    format: DataFormat,
) -> Result<Tensor, TensorError> {
    let (height, width) = images.first().map_or((0, 0), |image| (image.height, image.width));
    let shape = match format {
        DataFormat::Nhwc => [images.len(), height, width, CHANNELS],
        DataFormat::Nchw => [images.len(), CHANNELS, height, width],
    };
    let mut values = vec![0.0; checked_len(&shape, DType::F32)?];
    let tables = normalization.tables();
    for (image, values) in images.iter().zip(values.chunks_mut((height * width * CHANNELS).max(1))) {
        let (pixels, _) = image.data.as_chunks::<CHANNELS>();
        match format {
            DataFormat::Nhwc => {
                for (values, pixel) in values.as_chunks_mut::<CHANNELS>().0.iter_mut().zip(pixels) {
                    *values = std::array::from_fn(|c| tables[c][usize::from(pixel[c])]);
                }
            }
            DataFormat::Nchw => {
                let planes = values.chunks_mut((height * width).max(1));
                for ((c, table), plane) in tables.iter().enumerate().zip(planes) {
                    for (value, pixel) in plane.iter_mut().zip(pixels) {
                        *value = table[usize::from(pixel[c])];
                    }
                }
            }
        }
    }
    Tensor::from_vec(shape, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_hold_the_same_values_in_their_order() {
        let pixels = Pixels::new(1, 2, vec![0, 128, 255, 64, 32, 16]).unwrap();
        let per_channel = Normalization::new(&[0.0, 128.0, 255.0], &[1.0, 2.0, 4.0]).unwrap();
        let nhwc = pixels.to_tensor(&per_channel, DataFormat::Nhwc).unwrap();
        assert_eq!(nhwc.shape(), [1, 1, 2, 3]);
        assert_eq!(nhwc.as_slice::<f32>().unwrap(), [0.0, 0.0, 0.0, 64.0, -48.0, -59.75]);
        let nchw = pixels.to_tensor(&per_channel, DataFormat::Nchw).unwrap();
        assert_eq!(nchw.shape(), [1, 3, 1, 2]);
        assert_eq!(nchw.as_slice::<f32>().unwrap(), [0.0, 64.0, 0.0, -48.0, 0.0, -59.75]);
    }

    #[test]
    fn bytes_that_do_not_fill_an_image_are_refused() {
        assert!(Pixels::new(2, 2, vec![0; 11]).is_err());
        assert!(Pixels::new(0, 2, vec![]).is_err());
    }
}
