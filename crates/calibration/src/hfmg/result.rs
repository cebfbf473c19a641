//! Scale and offset from the range that HFMG has chosen.

use amct_tensor::quantization::{ActivationParams, ScaleError, process_scale};
use amct_tensor::rounding::half_away;

use super::HfmgParams;

/// Scale and offset of a range of values, without any search.
pub(super) fn from_range(min: f32, max: f32, params: &HfmgParams) -> ActivationParams {
    let levels = 1_u32 << params.num_bits;
    if params.with_offset {
        let (min, max) = (min.min(0.0), max.max(0.0));
        let scale = not_tiny((f64::from(max - min) / f64::from(levels - 1)) as f32);
        let offset = -((levels / 2) as i32) - half_away(min / scale) as i32;
        return ActivationParams { scale, offset };
    }
    // Of equal magnitudes the negative one counts, and the negative side has one level more.
    let end = if max.abs() > min.abs() { max } else { min };
    let half = f64::from(levels / 2);
    let levels = if end > 0.0 { half - 1.0 } else { half };
    ActivationParams { scale: not_tiny((f64::from(end.abs()) / (levels + f64::EPSILON)) as f32), offset: 0 }
}

/// A scale next to nothing becomes 1.0.
fn not_tiny(scale: f32) -> f32 {
    if f64::from(scale) < f64::EPSILON { 1.0 } else { scale }
}

/// Scale and offset of the range `min` to `max`, as AMCT reports them while batches are still to
/// come. Unlike the search's result the symmetric scale has 2^(bits-1) - 1 levels on both sides, and
/// the scale follows [`process_scale`].
///
/// # Errors
/// A scale that is not supported, as [`ScaleError`].
pub fn from_min_max(min: f32, max: f32, params: &HfmgParams) -> Result<ActivationParams, ScaleError> {
    let mut found = if params.with_offset {
        from_range(min, max, params)
    } else {
        let levels = (1_u32 << (params.num_bits - 1)) - 1;
        ActivationParams { scale: min.abs().max(max.abs()) / levels as f32, offset: 0 }
    };
    found.scale = process_scale(found.scale)?;
    Ok(found)
}
