//! Why an algorithm gives no scale for an activation.

use std::fmt;

use amct_tensor::quantization::ScaleError;
use amct_tensor::{ErrorKind, Fault, Place};

/// Why an activation cannot be calibrated.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum AlgorithmError {
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
    /// More values than a histogram's bin can count.
    TooMany(u64),
    /// Another number of values came than was announced.
    Count {
        /// The number announced.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// `num_bits` is not from 2 to 16.
    NumBits(u32),
    /// `search_range` is not ascending from above zero.
    SearchRange(f32, f32),
    /// `search_step` is not positive, or so small that there are too many candidates.
    SearchStep {
        /// The step.
        found: f32,
        /// The number of candidates that there may be.
        candidates: u32,
    },
    /// `max_percentile` or `min_percentile` is outside (0.5, 1].
    Percentile(f32),
    /// `num_of_bins` is not supported.
    NumOfBins {
        /// The number.
        found: usize,
        /// The numbers that are.
        accepted: &'static [usize],
    },
    /// The scale found is not supported.
    Scale(ScaleError),
    /// No calibrator has the name.
    Unknown(&'static str),
}

impl fmt::Display for AlgorithmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "there are no activation values to calibrate on"),
            Self::NotANumber => write!(f, "the activation holds a NaN; values must be finite"),
            Self::Infinite => write!(f, "the activation holds an infinity; values must be finite"),
            Self::Range { min, max } => {
                write!(f, "the activation's range [{min}, {max}] is wider than float32 holds")
            }
            Self::TooMany(found) => {
                write!(
                    f,
                    "{found} activation values are more than the {} a histogram counts; use fewer",
                    u32::MAX
                )
            }
            Self::Count { expected, found } => {
                write!(f, "{found} activation values were calibrated on, where {expected} were announced")
            }
            Self::NumBits(found) => write!(f, "num_bits is {found}, must be from 2 to 16"),
            Self::SearchRange(start, end) => {
                write!(f, "search_range is [{start}, {end}], must ascend from above zero")
            }
            Self::SearchStep { found, candidates } => {
                write!(f, "search_step is {found}, must be positive and give at most {candidates} candidates")
            }
            Self::Percentile(found) => {
                write!(f, "a percentile is {found}, must be greater than 0.5 and less than or equal to 1.0")
            }
            Self::NumOfBins { found, accepted } => write!(f, "num_of_bins {found} must be in {accepted:?}"),
            Self::Scale(error) => error.fmt(f),
            Self::Unknown(name) => write!(f, "no calibrator is called {name}; choose another act_algo"),
        }
    }
}

impl std::error::Error for AlgorithmError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Its text is this one's, so it is not a cause of its own.
            Self::Scale(error) => error.source(),
            _ => None,
        }
    }
}

impl Fault for AlgorithmError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NumBits(_)
            | Self::SearchRange(..)
            | Self::SearchStep { .. }
            | Self::Percentile(_)
            | Self::NumOfBins { .. }
            | Self::Unknown(_) => ErrorKind::Configuration,
            Self::Count { .. } => ErrorKind::Data,
            Self::Empty | Self::NotANumber | Self::Infinite | Self::Range { .. } | Self::TooMany(_) => {
                ErrorKind::Numeric
            }
            Self::Scale(error) => error.kind(),
        }
    }

    fn place(&self) -> Place<'_> {
        let key = match self {
            Self::NumBits(_) => "num_bits",
            Self::SearchRange(..) => "search_range",
            Self::SearchStep { .. } => "search_step",
            Self::NumOfBins { .. } => "num_of_bins",
            Self::Unknown(_) => "act_algo",
            _ => return Place::default(),
        };
        Place::default().attribute(key)
    }
}

impl From<ScaleError> for AlgorithmError {
    fn from(error: ScaleError) -> Self {
        AlgorithmError::Scale(error)
    }
}
