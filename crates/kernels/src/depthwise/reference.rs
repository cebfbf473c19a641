//! The depthwise convolution as plain loops: what the fast kernels must equal to the bit.

use super::DepthwiseShape;
use crate::{Epilogue, KernelError, lengths};

/// [`depthwise_f32`](super::depthwise_f32).
///
/// # Errors
/// As [`depthwise_f32`](super::depthwise_f32).
pub fn depthwise_f32(
    input: &[f32],
    shape: &DepthwiseShape,
    filter: &[f32],
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> Result<(), KernelError> {
    shape.expect_slices(input.len(), filter.len(), output.len())?;
    let channels = shape.out_channels()?;
    lengths::expect_epilogue(&epilogue, channels)?;
    for (index, out) in output.iter_mut().enumerate() {
        let mut sum = 0.0_f32;
        for_each_tap(shape, index, |source, weight| sum = input[source].mul_add(filter[weight], sum));
        *out = epilogue.apply(sum, index % channels, *out);
    }
    Ok(())
}

/// [`depthwise_i8`](super::depthwise_i8).
///
/// # Errors
/// As [`depthwise_i8`](super::depthwise_i8).
pub fn depthwise_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &DepthwiseShape,
    filter: &[i8],
    output: &mut [i32],
) -> Result<(), KernelError> {
    shape.expect_slices(input.len(), filter.len(), output.len())?;
    lengths::expect_depth_i8(shape.taps()?)?;
    lengths::zero_offset(zero_offset)?;
    for (index, out) in output.iter_mut().enumerate() {
        *out = 0;
        for_each_tap(shape, index, |source, weight| {
            *out += (i32::from(input[source]) - zero_offset) * i32::from(filter[weight]);
        });
    }
    Ok(())
}

/// Calls `product(index into input, index into filter)` for each tap of output element `index`
/// that lies inside the image, in the order (kh, kw).
fn for_each_tap(shape: &DepthwiseShape, index: usize, mut product: impl FnMut(usize, usize)) {
    let (height, width) = (&shape.height, &shape.width);
    let channels = shape.channels * shape.multiplier;
    let (pixel, channel) = (index / channels, index % channels);
    let (line, x) = (pixel / width.output, pixel % width.output);
    let (image, y) = (line / height.output, line % height.output);
    for kh in 0..height.kernel {
        for kw in 0..width.kernel {
            if let Some((y, x)) = height.source(y, kh).zip(width.source(x, kw)) {
                let source = (image * height.input + y) * width.input + x;
                product(
                    source * shape.channels + channel / shape.multiplier,
                    (kh * width.kernel + kw) * channels + channel,
                );
            }
        }
    }
}
