//! Scale and offset of an activation, and AMCT's rule for scales that are too small or too large.

use std::fmt;

/// How an activation tensor is quantized: `q = round(x / scale) + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivationParams {
    /// scale_d: the real distance between two neighbouring integers.
    pub scale: f32,
    /// offset_d: the integer that stands for 0.0, in [-128, 127].
    pub offset: i32,
}

impl ActivationParams {
    /// 1/scale_d in f32: the `scale` attribute of `AscendQuant`.
    pub fn inverse_scale(&self) -> f32 {
        1.0 / self.scale
    }
}

/// A scale that AMCT does not support.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ScaleError {
    /// Infinite or not a number.
    NotFinite(f32),
    /// Larger than 1/FLT_EPSILON (8388608).
    TooLarge(f32),
}

impl fmt::Display for ScaleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScaleError::NotFinite(scale) => write!(f, "Not support scale is {scale}."),
            ScaleError::TooLarge(scale) => {
                write!(f, "Not support scale greater than 1 / FLT_EPSILON. currentScale: {scale}")
            }
        }
    }
}

impl std::error::Error for ScaleError {}

/// AMCT's rule for every scale it computes: one below FLT_EPSILON becomes 1.0 (the data is as
/// good as zero), one above 1/FLT_EPSILON, an infinity or a NaN is refused.
///
/// # Errors
/// See [`ScaleError`].
pub fn process_scale(scale: f32) -> Result<f32, ScaleError> {
    if scale < f32::EPSILON {
        return Ok(1.0);
    }
    if !scale.is_finite() {
        return Err(ScaleError::NotFinite(scale));
    }
    if 1.0 / scale < f32::EPSILON {
        return Err(ScaleError::TooLarge(scale));
    }
    Ok(scale)
}
