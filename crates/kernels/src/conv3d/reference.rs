//! The convolution as plain loops: what the fast kernels must equal to the bit.

use super::Conv3dShape;
use crate::{Epilogue, KernelError, lengths};

/// [`conv3d_f32`](super::conv3d_f32) with the filter in DHWIO order.
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit `shape`.
pub fn conv3d_f32(
    input: &[f32],
    shape: &Conv3dShape,
    filter: &[f32],
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> Result<(), KernelError> {
    check(shape, input.len(), filter.len(), output.len())?;
    lengths::expect_epilogue(&epilogue, shape.out_channels)?;
    for (index, out) in output.iter_mut().enumerate() {
        let mut sum = 0.0_f32;
        for_each_tap(shape, index, |source, weight| {
            sum = source.map_or(0.0, |source| input[source]).mul_add(filter[weight], sum);
        });
        *out = epilogue.apply(sum, index % shape.out_channels, *out);
    }
    Ok(())
}

/// [`conv3d_i8`](super::conv3d_i8) with the filter in DHWIO order.
///
/// # Errors
/// As [`conv3d_f32`]; [`KernelError::ZeroOffset`] and [`KernelError::Depth`] as the fast kernel.
pub fn conv3d_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &Conv3dShape,
    filter: &[i8],
    output: &mut [i32],
) -> Result<(), KernelError> {
    check(shape, input.len(), filter.len(), output.len())?;
    lengths::expect_depth_i8(shape.taps()?)?;
    lengths::zero_offset(zero_offset)?;
    for (index, out) in output.iter_mut().enumerate() {
        *out = 0;
        for_each_tap(shape, index, |source, weight| {
            if let Some(source) = source {
                *out += (i32::from(input[source]) - zero_offset) * i32::from(filter[weight]);
            }
        });
    }
    Ok(())
}

fn check(shape: &Conv3dShape, input: usize, filter: usize, output: usize) -> Result<(), KernelError> {
    shape.expect_slices(input, output)?;
    lengths::expect("filter", filter, lengths::product("filter", &[shape.taps()?, shape.out_channels])?)
}

/// Calls `product(index into input or None in the padding, index into filter)` for each tap and
/// input channel of output element `index`, in the order (kd, kh, kw, ci).
fn for_each_tap(shape: &Conv3dShape, index: usize, mut product: impl FnMut(Option<usize>, usize)) {
    let (depth, height, width) = (&shape.depth, &shape.height, &shape.width);
    let (position, channel) = (index / shape.out_channels, index % shape.out_channels);
    let (line, x) = (position / width.output, position % width.output);
    let (plane, y) = (line / height.output, line % height.output);
    let (image, z) = (plane / depth.output, plane % depth.output);
    for kd in 0..depth.kernel {
        for kh in 0..height.kernel {
            for kw in 0..width.kernel {
                let pixel = depth
                    .source(z, kd)
                    .zip(height.source(y, kh))
                    .zip(width.source(x, kw))
                    .map(|((z, y), x)| ((image * depth.input + z) * height.input + y) * width.input + x);
                let tap = (kd * height.kernel + kh) * width.kernel + kw;
                for ci in 0..shape.in_channels {
                    product(
                        pixel.map(|pixel| pixel * shape.in_channels + ci),
                        (tap * shape.in_channels + ci) * shape.out_channels + channel,
                    );
                }
            }
        }
    }
}
