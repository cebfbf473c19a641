//! What the resizes share: their attributes, sizes and where an output pixel lies in the input.

use amct_tensor::{DType, Tensor, checked_len};

use crate::OpError;
use crate::operator::{BuildContext, Inputs};

/// How output pixels are laid over input pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Grid {
    /// Top left corners coincide (TensorFlow 1's default).
    Legacy,
    /// The centres of the corner pixels coincide.
    AlignCorners,
    /// Pixels are areas, sampled at their centres (TensorFlow 2).
    HalfPixelCenters,
}

impl Grid {
    pub(in crate::ops) fn of(context: &BuildContext<'_>) -> Result<Self, OpError> {
        let attrs = context.attributes();
        match (attrs.bool_or("align_corners", false)?, attrs.bool_or("half_pixel_centers", false)?) {
            (false, false) => Ok(Grid::Legacy),
            (true, false) => Ok(Grid::AlignCorners),
            (false, true) => Ok(Grid::HalfPixelCenters),
            (true, true) => {
                Err(attrs.error("align_corners", "false if half_pixel_centers is true", "true").into())
            }
        }
    }

    /// Input pixels per output pixel.
    pub(in crate::ops) fn scale(self, input: usize, output: usize) -> f32 {
        match self {
            Grid::AlignCorners if output > 1 => (input - 1) as f32 / (output - 1) as f32,
            _ => input as f32 / output as f32,
        }
    }
}

/// A batch of images and the size wanted.
pub(in crate::ops) struct Request {
    pub(in crate::ops) images: Tensor,
    /// Batch, height, width, channels.
    pub(in crate::ops) input: [usize; 4],
    pub(in crate::ops) output: [usize; 4],
}

impl Request {
    pub(in crate::ops) fn of(mut inputs: Inputs) -> Result<Self, OpError> {
        let (images, size) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let &[batch, height, width, channels] = images.shape() else {
            return Err(OpError::shape("images of rank 4", images.shape()));
        };
        let (rows, columns) = two_sizes(&size)?;
        let output = [batch, rows, columns, channels];
        // The widest element; an empty batch has no pixel to look at, but a shape all the same.
        checked_len(&output, DType::F32)?;
        if height == 0 || width == 0 {
            return Err(OpError::shape("images with pixels", images.shape()));
        }
        Ok(Self { input: [batch, height, width, channels], images, output })
    }
}

/// Two positive sizes given as a tensor.
pub(in crate::ops) fn two_sizes(size: &Tensor) -> Result<(usize, usize), OpError> {
    let wrong = || OpError::Unsupported("the size wanted is not two integers above 0".to_owned());
    match *size.to_i64_vec()?.as_slice() {
        [rows, columns] if rows > 0 && columns > 0 => {
            Ok((usize::try_from(rows).map_err(|_| wrong())?, usize::try_from(columns).map_err(|_| wrong())?))
        }
        _ => Err(wrong()),
    }
}

/// Two pixels of a line and how far from the first to the second a sample lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ops) struct Between {
    pub(in crate::ops) low: usize,
    pub(in crate::ops) high: usize,
    pub(in crate::ops) weight: f32,
}

/// `a` towards `b` by `weight`, rounded as TensorFlow rounds.
#[inline(always)]
pub(in crate::ops) fn mix(a: f32, b: f32, weight: f32) -> f32 {
    a + (b - a) * weight
}

/// Images of any number type as f32.
pub(in crate::ops) fn as_f32(images: Tensor) -> Result<Tensor, OpError> {
    macro_rules! converted {
        ($T:ty) => {
            Ok(Tensor::from_vec(
                images.shape(),
                images.as_slice::<$T>()?.iter().map(|&x| x as f32).collect(),
            )?)
        };
    }
    match images.dtype() {
        DType::F32 => Ok(images),
        DType::F16 => Ok(Tensor::from_vec(
            images.shape(),
            images.as_slice::<half::f16>()?.iter().map(|x| x.to_f32()).collect(),
        )?),
        DType::F64 => converted!(f64),
        DType::I8 => converted!(i8),
        DType::I16 => converted!(i16),
        DType::I32 => converted!(i32),
        DType::I64 => converted!(i64),
        DType::U8 => converted!(u8),
        DType::U16 => converted!(u16),
        other => Err(crate::ops::support::number::not_a_number(other)),
    }
}
