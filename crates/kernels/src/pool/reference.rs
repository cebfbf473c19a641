//! Pooling as plain loops: what the fast kernels must equal to the bit.

use super::PoolShape;
use crate::{KernelError, lengths};

/// [`avg_pool_f32`](super::avg_pool_f32).
///
/// # Errors
/// As [`avg_pool_f32`](super::avg_pool_f32).
pub fn avg_pool_f32(input: &[f32], shape: &PoolShape, output: &mut [f32]) -> Result<(), KernelError> {
    shape.expect_no_empty_window()?;
    for_each_window(input, shape, output, |window| {
        window.iter().fold(0.0, |sum, x| sum + x) / window.len() as f32
    })
}

/// [`max_pool_f32`](super::max_pool_f32).
///
/// # Errors
/// As [`max_pool_f32`](super::max_pool_f32).
pub fn max_pool_f32(input: &[f32], shape: &PoolShape, output: &mut [f32]) -> Result<(), KernelError> {
    shape.expect_no_empty_window()?;
    for_each_window(input, shape, output, |window| {
        let mut max = f32::NEG_INFINITY;
        for &x in window {
            if x.is_nan() {
                return x;
            }
            if x > max {
                max = x;
            }
        }
        max
    })
}

/// [`sum_pool_i8`](super::sum_pool_i8).
///
/// # Errors
/// As [`sum_pool_i8`](super::sum_pool_i8).
pub fn sum_pool_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &PoolShape,
    output: &mut [i32],
) -> Result<(), KernelError> {
    lengths::zero_offset(zero_offset)?;
    lengths::expect_depth_i8(lengths::product("window", &[shape.height.kernel, shape.width.kernel])?)?;
    for_each_window(input, shape, output, |window| window.iter().map(|&q| i32::from(q) - zero_offset).sum())
}

/// Sets each output to `value` of the inputs in its window, in the order (kh, kw).
fn for_each_window<V: Copy, O>(
    input: &[V],
    shape: &PoolShape,
    output: &mut [O],
    value: impl Fn(&[V]) -> O,
) -> Result<(), KernelError> {
    lengths::expect("input", input.len(), shape.input_len()?)?;
    lengths::expect("output", output.len(), shape.output_len()?)?;
    let (height, width) = (&shape.height, &shape.width);
    let mut window = Vec::new();
    for (index, out) in output.iter_mut().enumerate() {
        let (pixel, channel) = (index / shape.channels, index % shape.channels);
        let (line, x) = (pixel / width.output, pixel % width.output);
        let (image, y) = (line / height.output, line % height.output);
        window.clear();
        for kh in 0..height.kernel {
            for kw in 0..width.kernel {
                if let Some((y, x)) = height.source(y, kh).zip(width.source(x, kw)) {
                    let source = (image * height.input + y) * width.input + x;
                    window.push(input[source * shape.channels + channel]);
                }
            }
        }
        *out = value(&window);
    }
    Ok(())
}
