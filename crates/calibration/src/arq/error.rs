//! Why weights cannot be calibrated or quantized.

use std::fmt;

use amct_tensor::quantization::ScaleError;
use amct_tensor::{ErrorKind, Fault};

use super::quantize::NUM_BITS;

/// Why weights cannot be calibrated or quantized.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ArqError {
    /// There is no weight, or no channel.
    Empty,
    /// A weight is a NaN.
    NotANumber {
        /// Its flat index.
        index: usize,
    },
    /// The weights do not fill the same number of values for every channel.
    Layout {
        /// The number of weights.
        weights: usize,
        /// The number of channels.
        channels: usize,
        /// Consecutive weights of one channel.
        run: usize,
    },
    /// The axis of the channels is not one of the shape's.
    Axis {
        /// The axis asked for.
        axis: usize,
        /// The number of axes.
        rank: usize,
    },
    /// The number of scales is not that of the channels.
    Scales {
        /// The number of channels.
        expected: usize,
        /// The number of scales.
        found: usize,
    },
    /// `num_bits` is not supported.
    NumBits(u32),
    /// A channel's scale is not supported.
    Scale(ScaleError),
}

impl fmt::Display for ArqError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArqError::Empty => write!(f, "there are no weights to quantize"),
            ArqError::NotANumber { index } => {
                write!(f, "Exist NaN in input data, cannot do ARQ quantize. It is weight {index}.")
            }
            ArqError::Layout { weights, channels, run } => {
                write!(f, "{weights} weights are not a multiple of {channels} channels of {run} in a row")
            }
            ArqError::Axis { axis, rank } => {
                write!(f, "the channels are on axis {axis} of weights that have {rank} axes")
            }
            ArqError::Scales { expected, found } => {
                write!(f, "there are {found} scales for {expected} channels")
            }
            ArqError::NumBits(found) => {
                write!(f, "num_bits is {found}, must be from {} to {}", NUM_BITS.start(), NUM_BITS.end())
            }
            ArqError::Scale(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ArqError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ArqError::Scale(error) => error.source(),
            _ => None,
        }
    }
}

impl Fault for ArqError {
    fn kind(&self) -> ErrorKind {
        match self {
            ArqError::Empty | ArqError::NotANumber { .. } => ErrorKind::Numeric,
            ArqError::Layout { .. } | ArqError::Axis { .. } | ArqError::Scales { .. } => ErrorKind::Data,
            ArqError::NumBits(_) => ErrorKind::Configuration,
            ArqError::Scale(error) => error.kind(),
        }
    }
}

impl From<ScaleError> for ArqError {
    fn from(error: ScaleError) -> Self {
        ArqError::Scale(error)
    }
}
