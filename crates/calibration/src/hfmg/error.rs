//! Why an activation cannot be calibrated by HFMG.

use std::fmt;

use amct_tensor::{ErrorKind, Fault, Place};

use super::params::NUM_OF_BINS;

/// Why an activation cannot be calibrated by its histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum HfmgError {
    /// There is no value.
    Empty,
    /// A value is a NaN.
    NotANumber,
    /// A value is infinite.
    Infinite,
    /// The range is wider than f32 holds.
    Range {
        /// The smallest value.
        min: f32,
        /// The largest.
        max: f32,
    },
    /// More values than a bin can count.
    TooMany(u64),
    /// Another number of values came than was announced.
    Count {
        /// The number announced.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// `num_bits` is not supported.
    NumBits(u32),
    /// `num_of_bins` is not supported.
    NumOfBins(usize),
}

impl fmt::Display for HfmgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HfmgError::Empty => write!(f, "there are no activation values to calibrate on"),
            HfmgError::NotANumber => write!(f, "the activation holds a NaN; values must be finite"),
            HfmgError::Infinite => write!(f, "the activation holds an infinity; values must be finite"),
            HfmgError::Range { min, max } => {
                write!(f, "the activation's range [{min}, {max}] is wider than float32 holds")
            }
            HfmgError::TooMany(found) => {
                write!(
                    f,
                    "{found} activation values are more than the {} a histogram counts; use fewer",
                    u32::MAX
                )
            }
            HfmgError::Count { expected, found } => {
                write!(f, "{found} activation values were calibrated on, where {expected} were announced")
            }
            HfmgError::NumBits(found) => write!(f, "num_bits is {found}, must be from 2 to 16"),
            HfmgError::NumOfBins(found) => write!(f, "num_of_bins {found} must be in {NUM_OF_BINS:?}"),
        }
    }
}

impl std::error::Error for HfmgError {}

impl Fault for HfmgError {
    fn kind(&self) -> ErrorKind {
        match self {
            HfmgError::NumBits(_) | HfmgError::NumOfBins(_) => ErrorKind::Configuration,
            HfmgError::Count { .. } => ErrorKind::Data,
            HfmgError::Empty
            | HfmgError::NotANumber
            | HfmgError::Infinite
            | HfmgError::Range { .. }
            | HfmgError::TooMany(_) => ErrorKind::Numeric,
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            HfmgError::NumBits(_) => Place::default().attribute("num_bits"),
            HfmgError::NumOfBins(_) => Place::default().attribute("num_of_bins"),
            _ => Place::default(),
        }
    }
}
