//! Why IFMR gives no scale.

use std::fmt;

use amct_tensor::quantization::ScaleError;
use amct_tensor::{ErrorKind, Fault, Place};

use super::params::{MAX_CANDIDATES, NUM_BITS};

/// Why an activation cannot be calibrated.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum IfmrError {
    /// There is no value.
    Empty,
    /// A value is a NaN.
    NotANumber,
    /// A value is infinite.
    Infinite,
    /// Another number of values came than was announced.
    Count {
        /// The number announced.
        expected: usize,
        /// The number that came.
        found: usize,
    },
    /// `num_bits` is not supported.
    NumBits(u32),
    /// `search_range` is not ascending from above zero.
    SearchRange(f32, f32),
    /// `search_step` is not positive, or so small that there are too many candidates.
    SearchStep(f32),
    /// `max_percentile` or `min_percentile` is outside (0.5, 1].
    Percentile(f32),
    /// The scale found is not supported.
    Scale(ScaleError),
}

impl fmt::Display for IfmrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IfmrError::Empty => write!(f, "there are no activation values to calibrate on"),
            IfmrError::NotANumber => write!(f, "the activation holds a NaN; values must be finite"),
            IfmrError::Infinite => write!(f, "the activation holds an infinity; values must be finite"),
            IfmrError::Count { expected, found } => {
                write!(f, "{found} activation values were calibrated on, where {expected} were announced")
            }
            IfmrError::NumBits(found) => {
                write!(f, "num_bits is {found}, must be from {} to {}", NUM_BITS.start(), NUM_BITS.end())
            }
            IfmrError::SearchRange(start, end) => {
                write!(f, "search_range is [{start}, {end}], must ascend from above zero")
            }
            IfmrError::SearchStep(found) => {
                write!(
                    f,
                    "search_step is {found}, must be positive and give at most {MAX_CANDIDATES} candidates"
                )
            }
            IfmrError::Percentile(found) => {
                write!(f, "a percentile is {found}, must be greater than 0.5 and less than or equal to 1.0")
            }
            IfmrError::Scale(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for IfmrError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            IfmrError::Scale(error) => error.source(),
            _ => None,
        }
    }
}

impl Fault for IfmrError {
    fn kind(&self) -> ErrorKind {
        match self {
            IfmrError::NumBits(_)
            | IfmrError::SearchRange(..)
            | IfmrError::SearchStep(_)
            | IfmrError::Percentile(_) => ErrorKind::Configuration,
            IfmrError::Count { .. } => ErrorKind::Data,
            IfmrError::Empty | IfmrError::NotANumber | IfmrError::Infinite => ErrorKind::Numeric,
            IfmrError::Scale(error) => error.kind(),
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            IfmrError::NumBits(_) => Place::default().attribute("num_bits"),
            IfmrError::SearchRange(..) => Place::default().attribute("search_range"),
            IfmrError::SearchStep(_) => Place::default().attribute("search_step"),
            _ => Place::default(),
        }
    }
}

impl From<ScaleError> for IfmrError {
    fn from(error: ScaleError) -> Self {
        IfmrError::Scale(error)
    }
}
