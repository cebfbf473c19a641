//! Pixels to real numbers: mean and standard deviation per channel.

use std::fmt;

use amct_tensor::{ErrorKind, Fault};

use super::pixels::CHANNELS;

/// How a pixel becomes a real number: `(pixel - mean) / std` in f32, per channel (red, green, blue).
///
/// The default, mean and std 128, gives `pixel / 128 - 1` exactly: in `[-1, 1)`, as MobileNet's
/// training had it.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    mean: [f32; CHANNELS],
    std: [f32; CHANNELS],
}

/// A mean or standard deviation that cannot be used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NormalizationError {
    /// Neither one value for all channels nor one for each.
    Count {
        /// `mean` or `std`.
        field: &'static str,
        /// The number of values.
        found: usize,
    },
    /// A value that is not finite, or a deviation that is not above 0.
    Value {
        /// `mean` or `std`.
        field: &'static str,
        /// The value.
        found: f32,
    },
}

impl fmt::Display for NormalizationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NormalizationError::Count { field, found } => {
                write!(f, "{found} values for {field}, where one, or one for each of R, G and B, is needed")
            }
            NormalizationError::Value { field, found } => {
                write!(f, "{found} for {field}, where a finite value (above 0 for std) is needed")
            }
        }
    }
}

impl std::error::Error for NormalizationError {}

impl Fault for NormalizationError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Configuration
    }
}

impl Normalization {
    /// The normalisation with these means and standard deviations, in pixel units (0 to 255): one
    /// value for all channels, or three.
    ///
    /// # Errors
    /// [`NormalizationError`] for another number of values, values that are not finite, and
    /// deviations that are not above 0.
    pub fn new(mean: &[f32], std: &[f32]) -> Result<Self, NormalizationError> {
        let normalization = Self { mean: per_channel("mean", mean)?, std: per_channel("std", std)? };
        match normalization.std.into_iter().find(|&std| std <= 0.0) {
            Some(found) => Err(NormalizationError::Value { field: "std", found }),
            None => Ok(normalization),
        }
    }

    /// The mean of each channel.
    pub fn mean(&self) -> [f32; CHANNELS] {
        self.mean
    }

    /// The standard deviation of each channel.
    pub fn std(&self) -> [f32; CHANNELS] {
        self.std
    }

    /// The value of every pixel, by channel.
    pub(super) fn tables(&self) -> [[f32; 256]; CHANNELS] {
        std::array::from_fn(|c| std::array::from_fn(|pixel| (pixel as f32 - self.mean[c]) / self.std[c]))
    }
}

fn per_channel(field: &'static str, values: &[f32]) -> Result<[f32; CHANNELS], NormalizationError> {
    let values = match *values {
        [all] => [all; CHANNELS],
        [red, green, blue] => [red, green, blue],
        _ => return Err(NormalizationError::Count { field, found: values.len() }),
    };
    match values.into_iter().find(|value| !value.is_finite()) {
        Some(found) => Err(NormalizationError::Value { field, found }),
        None => Ok(values),
    }
}

impl Default for Normalization {
    fn default() -> Self {
        Self { mean: [128.0; CHANNELS], std: [128.0; CHANNELS] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_exactly_pixel_over_128_minus_1() {
        for table in Normalization::default().tables() {
            for (pixel, value) in table.into_iter().enumerate() {
                assert_eq!(value.to_bits(), (pixel as f32 / 128.0 - 1.0).to_bits());
            }
        }
    }

    #[test]
    fn one_value_or_three_are_accepted() {
        let mean = [123.675, 116.28, 103.53];
        let normalization = Normalization::new(&mean, &[58.0]).unwrap();
        assert_eq!((normalization.mean(), normalization.std()), (mean, [58.0; 3]));
        let count = NormalizationError::Count { field: "mean", found: 2 };
        assert_eq!(Normalization::new(&[1.0, 2.0], &[1.0]), Err(count));
    }

    #[test]
    fn values_that_give_no_number_are_refused() {
        let zero = NormalizationError::Value { field: "std", found: 0.0 };
        assert_eq!(Normalization::new(&[0.0], &[1.0, 0.0, 1.0]), Err(zero));
        assert!(Normalization::new(&[0.0], &[-1.0]).is_err());
        assert!(Normalization::new(&[f32::NAN], &[1.0]).is_err());
        assert!(Normalization::new(&[0.0], &[f32::INFINITY]).is_err());
    }
}
