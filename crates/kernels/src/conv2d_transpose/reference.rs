//! The transposed convolution as plain loops: what the fast kernels must equal to the bit.

use amct_tensor::window::Axis;

use super::Conv2dTransposeShape;
use crate::{Epilogue, KernelError, lengths};

/// [`conv2d_transpose_f32`](super::conv2d_transpose_f32) with the filter in HWOI order.
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit `shape`.
pub fn conv2d_transpose_f32(
    input: &[f32],
    shape: &Conv2dTransposeShape,
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

/// [`conv2d_transpose_i8`](super::conv2d_transpose_i8) with the filter in HWOI order.
///
/// # Errors
/// As [`conv2d_transpose_f32`]; [`KernelError::ZeroOffset`] if the offset is not an int8,
/// [`KernelError::Depth`] if a sum over all taps might not fit an i32.
pub fn conv2d_transpose_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &Conv2dTransposeShape,
    filter: &[i8],
    output: &mut [i32],
) -> Result<(), KernelError> {
    check(shape, input.len(), filter.len(), output.len())?;
    lengths::expect_depth_i8(lengths::product("filter", &[shape.taps()?, shape.in_channels])?)?;
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

fn check(
    shape: &Conv2dTransposeShape,
    input: usize,
    filter: usize,
    output: usize,
) -> Result<(), KernelError> {
    shape.expect_slices(input, output)?;
    let extents = [shape.taps()?, shape.in_channels, shape.out_channels];
    lengths::expect("filter", filter, lengths::product("filter", &extents)?)
}

/// Calls `product(index into input or None beyond its edges, index into filter)` for each tap of
/// the phase and input channel of output element `index`, in the order (kh, kw, ci).
fn for_each_tap(shape: &Conv2dTransposeShape, index: usize, mut product: impl FnMut(Option<usize>, usize)) {
    let (height, width) = (&shape.height, &shape.width);
    let (position, channel) = (index / shape.out_channels, index % shape.out_channels);
    let (line, x) = (position / width.input, position % width.input);
    let (image, y) = (line / height.input, line % height.input);
    for kh in 0..height.kernel {
        let Some(y) = source(height, y, kh) else { continue };
        for kw in 0..width.kernel {
            let Some(x) = source(width, x, kw) else { continue };
            let pixel = y.zip(x).map(|(y, x)| (image * height.output + y) * width.output + x);
            let weight = ((kh * width.kernel + kw) * shape.out_channels + channel) * shape.in_channels;
            for ci in 0..shape.in_channels {
                product(pixel.map(|pixel| pixel * shape.in_channels + ci), weight + ci);
            }
        }
    }
}

/// The input index that meets `output` under `tap`: `None` if it would lie between two inputs,
/// `Some(None)` if it lies beyond the edges.
fn source(axis: &Axis, output: usize, tap: usize) -> Option<Option<usize>> {
    let distance = (output + axis.pad_before) as i128 - (tap * axis.dilation) as i128;
    let stride = axis.stride as i128;
    if distance % stride != 0 {
        return None;
    }
    Some(usize::try_from(distance / stride).ok().filter(|&index| index < axis.output))
}
