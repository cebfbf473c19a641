//! Shift bits: by how many bits N the int32 sums of a layer are shifted to fit into int16.
//!
//! Old chips requantize through int16. Of the shifts 1 to 16 that one is chosen, for each channel,
//! whose shifted, clamped and unshifted sums differ least from the sums, by their squares. AMCT has
//! two searches: [`ShiftVersion::V1`] with integer arithmetic over all values, [`ShiftVersion::V2`]
//! with f32 errors that are summed batch by batch.
//!
//! Both follow AMCT's C++ kernels to the bit, `docs/sources/algorithms.md` sections 5.1 and 5.2.

mod search;
mod v1;
mod v2;

use std::fmt;

use amct_tensor::{ErrorKind, Fault};

pub use search::ShiftSearch;

/// The shifts tried: 1 to 16.
pub const SHIFTS: usize = 16;

/// Which of AMCT's searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShiftVersion {
    /// SEARCH_N: division cut off toward zero, errors in f64 over all batches.
    V1,
    /// SEARCH_N_V2: division rounded down, errors in f32 by batch; an output of one pixel has one
    /// shift for all channels.
    V2,
}

/// Why there is no shift.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ShiftError {
    /// There is no value.
    Empty,
    /// A value is a NaN or infinite.
    NotFinite,
}

impl fmt::Display for ShiftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShiftError::Empty => f.write_str("there are no output values to search the shift on"),
            ShiftError::NotFinite => {
                f.write_str("the output holds a NaN or an infinity; values must be finite")
            }
        }
    }
}

impl std::error::Error for ShiftError {}

impl Fault for ShiftError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Numeric
    }
}

/// The first of the least errors, as a shift.
fn best<T: PartialOrd + Copy>(errors: [T; SHIFTS]) -> u32 {
    let mut best = 0;
    for (index, error) in errors.iter().enumerate() {
        if errors.get(best).is_some_and(|least| error < least) {
            best = index;
        }
    }
    best as u32 + 1
}

/// What a sum becomes by a shift, a clamp to int16 and the shift back.
fn shifted(quotient: i32, shift: usize) -> i32 {
    quotient.clamp(i16::MIN.into(), i16::MAX.into()) << shift
}
