//! Pooling of NHWC images. Padding takes no part: it is neither counted nor compared.

pub mod reference;
mod shape;
#[cfg(test)]
mod tests;

pub use shape::PoolShape;

use crate::{KernelError, lengths, parallel};

/// The mean of each window: its values added in the order (kh, kw) from 0.0, over the number of
/// taps inside the image (TensorFlow's AvgPool).
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit `shape`,
/// [`KernelError::EmptyWindow`] if a window holds only padding.
pub fn avg_pool_f32(input: &[f32], shape: &PoolShape, output: &mut [f32]) -> Result<(), KernelError> {
    shape.expect_no_empty_window()?;
    pool(input, shape, 0.0, |sum, x| sum + x, |sum, taps| sum / taps as f32, output)
}

/// The largest value of each window; NaN if there is one in it.
///
/// # Errors
/// As [`avg_pool_f32`].
pub fn max_pool_f32(input: &[f32], shape: &PoolShape, output: &mut [f32]) -> Result<(), KernelError> {
    shape.expect_no_empty_window()?;
    let larger = |max: f32, x: f32| if x > max || x.is_nan() { x } else { max };
    pool(input, shape, f32::NEG_INFINITY, larger, |max, _| max, output)
}

/// The exact sum of `q - zero_offset` of each window; [`PoolShape::taps`] gives the divisor of a
/// mean.
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit `shape`,
/// [`KernelError::ZeroOffset`] if the offset is not an int8, [`KernelError::Depth`] if a window
/// has so many taps that a sum might not fit an i32.
pub fn sum_pool_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &PoolShape,
    output: &mut [i32],
) -> Result<(), KernelError> {
    let zero_offset = i32::from(lengths::zero_offset(zero_offset)?);
    lengths::expect_depth_i8(lengths::product("window", &[shape.height.kernel, shape.width.kernel])?)?;
    pool(input, shape, 0, |sum, q| sum + (i32::from(q) - zero_offset), |sum, _| sum, output)
}

/// Folds each window from `start` and finishes it with its number of taps.
fn pool<V: Copy + Sync, A: Copy + Send + Sync>(
    input: &[V],
    shape: &PoolShape,
    start: A,
    fold: impl Fn(A, V) -> A + Sync + Send,
    finish: impl Fn(A, usize) -> A + Sync + Send,
    output: &mut [A],
) -> Result<(), KernelError> {
    lengths::expect("input", input.len(), shape.input_len()?)?;
    lengths::expect("output", output.len(), shape.output_len()?)?;
    let (height, width, channels) = (&shape.height, &shape.width, shape.channels);
    let line = lengths::product("output", &[width.output, channels])?;
    let work = output.len().saturating_mul(height.kernel.saturating_mul(width.kernel));
    parallel::for_each_chunk(
        output,
        line,
        work,
        || (),
        |(), index, output| {
            let (image, y) = (index / height.output, index % height.output);
            for (x, output) in output.chunks_exact_mut(channels).enumerate() {
                output.fill(start);
                let sources = |y| (0..width.kernel).filter_map(move |kw| Some((y, width.source(x, kw)?)));
                let rows = (0..height.kernel).filter_map(|kh| height.source(y, kh));
                for (y, x) in rows.flat_map(sources) {
                    let values = &input[((image * height.input + y) * width.input + x) * channels..];
                    for (out, &value) in output.iter_mut().zip(values) {
                        *out = fold(*out, value);
                    }
                }
                let taps = shape.taps(y, x);
                output.iter_mut().for_each(|out| *out = finish(*out, taps));
            }
        },
    );
    Ok(())
}
