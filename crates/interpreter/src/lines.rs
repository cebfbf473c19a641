//! Layers that can compute some lines of an image by themselves.

use amct_tensor::window::Axis;

use crate::OpError;

/// Lines of an NHWC image, next to each other.
#[derive(Clone, Copy, Debug)]
pub enum Lines<'a> {
    /// Floats.
    F32(&'a [f32]),
    /// A quantized activation.
    I8 {
        /// Its values.
        q: &'a [i8],
        /// The int8 that stands for zero.
        zero_offset: i32,
    },
}

/// Lines to write; those of a sum hold what is added.
#[derive(Debug)]
pub enum LinesMut<'a> {
    /// Floats.
    F32(&'a mut [f32]),
    /// int8 values.
    I8(&'a mut [i8]),
}

impl<'a> From<&'a mut [f32]> for LinesMut<'a> {
    fn from(values: &'a mut [f32]) -> Self {
        LinesMut::F32(values)
    }
}

impl<'a> From<&'a mut [i8]> for LinesMut<'a> {
    fn from(values: &'a mut [i8]) -> Self {
        LinesMut::I8(values)
    }
}

/// What lines consist of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineType {
    /// Floats.
    F32,
    /// int8 values.
    I8 {
        /// The one that stands for zero.
        zero_offset: i32,
    },
}

impl LineType {
    /// Bytes of a value.
    pub(crate) fn bytes(self) -> usize {
        match self {
            LineType::F32 => 4,
            LineType::I8 { .. } => 1,
        }
    }
}

/// A layer over one image.
#[derive(Clone, Copy, Debug)]
pub struct Extents {
    /// The window along the height.
    pub height: Axis,
    /// Height, width and channels of the output.
    pub output: [usize; 3],
}

/// A layer each of whose output lines depends on the input lines under its window only.
pub trait LineLayer: Sync {
    /// What it writes; `None` if that is neither float nor int8.
    fn line_type(&self) -> Option<LineType>;

    /// Whether it adds its last input, a tensor of the output's shape.
    fn accumulates(&self) -> bool;

    /// Its extents over an image of this height, width and channels; `None` if it does not go line
    /// by line there.
    fn extents(&self, image: [usize; 3]) -> Option<Extents>;

    /// Writes the lines that the window `height` makes of `input`, lines of an image whose width and
    /// channels are those of `image`.
    ///
    /// # Errors
    /// [`OpError`] for lines of another type or length.
    fn run_lines(
        &self,
        height: Axis,
        image: [usize; 3],
        input: Lines<'_>,
        output: LinesMut<'_>,
    ) -> Result<(), OpError>;
}
