//! Bias and activation on values that are already stored.

use super::CHUNK;
use crate::epilogue::clip;
use crate::{Activation, KernelError, lengths, parallel};

/// Applies `activation` to every value in place.
pub fn activate(values: &mut [f32], activation: Activation) {
    let (bounds, work) = (activation.bounds(), values.len());
    parallel::for_each_chunk(
        values,
        CHUNK,
        work,
        || (),
        |(), _, chunk| {
            chunk.iter_mut().for_each(|x| *x = clip(*x, bounds));
        },
    );
}

/// `activation(x + bias)` in place, `bias` running along the last axis.
///
/// # Errors
/// [`KernelError::PartialRow`] if `values` is not made of rows as long as `bias`.
pub fn bias_add(values: &mut [f32], bias: &[f32], activation: Activation) -> Result<(), KernelError> {
    let row = bias.len();
    lengths::rows("values", values.len(), row)?;
    if row == 0 {
        return Ok(());
    }
    let (bounds, work) = (activation.bounds(), values.len());
    parallel::for_each_chunk(
        values,
        CHUNK.next_multiple_of(row),
        work,
        || (),
        |(), _, chunk| {
            for values in chunk.chunks_exact_mut(row) {
                for (x, bias) in values.iter_mut().zip(bias) {
                    *x = clip(*x + bias, bounds);
                }
            }
        },
    );
    Ok(())
}
