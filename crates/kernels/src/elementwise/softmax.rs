//! Softmax over the rows of a matrix.

use super::{CHUNK, exp};
use crate::{KernelError, lengths, parallel};

/// Softmax over rows of `classes` values: `exp(x - max) / sum`, the sum in ascending order. A row
/// with a NaN becomes NaN.
///
/// # Errors
/// [`KernelError::Length`] if `output` is not as long as `input`, [`KernelError::PartialRow`] if
/// they are not made of rows of `classes`.
pub fn softmax(input: &[f32], classes: usize, output: &mut [f32]) -> Result<(), KernelError> {
    lengths::expect("output", output.len(), input.len())?;
    lengths::rows("input", input.len(), classes)?;
    if classes == 0 {
        return Ok(());
    }
    let chunk = CHUNK.next_multiple_of(classes);
    let work = input.len().saturating_mul(16);
    parallel::for_each_chunk(
        output,
        chunk,
        work,
        || (),
        |(), index, output| {
            let input = &input[index * chunk..];
            for (input, output) in input.chunks_exact(classes).zip(output.chunks_exact_mut(classes)) {
                row(input, output);
            }
        },
    );
    Ok(())
}

fn row(input: &[f32], output: &mut [f32]) {
    let max = input.iter().fold(f32::NEG_INFINITY, |max, &x| if x > max { x } else { max });
    for (out, &x) in output.iter_mut().zip(input) {
        *out = exp(x - max);
    }
    let sum: f32 = output.iter().fold(0.0, |sum, x| sum + x);
    output.iter_mut().for_each(|out| *out /= sum);
}
