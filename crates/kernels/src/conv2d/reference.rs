//! The convolution as plain loops: what the fast kernels must equal to the bit.

use super::Conv2dShape;
use crate::{Epilogue, KernelError, lengths};

/// [`conv2d_f32`](super::conv2d_f32) with the filter in HWIO order.
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit `shape`.
pub fn conv2d_f32(
    input: &[f32],
    shape: &Conv2dShape,
    filter: &[f32],
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> Result<(), KernelError> {
    shape.expect_slices(input.len(), output.len())?;
    lengths::expect(
        "filter",
        filter.len(),
        lengths::product("filter", &[shape.depth()?, shape.out_channels])?,
    )?;
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

/// [`conv2d_i8`](super::conv2d_i8) with the filter in HWIO order.
///
/// # Errors
/// As [`conv2d_f32`]; [`KernelError::ZeroOffset`] and [`KernelError::Depth`] as the fast kernel.
pub fn conv2d_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &Conv2dShape,
    filter: &[i8],
    output: &mut [i32],
) -> Result<(), KernelError> {
    shape.expect_slices(input.len(), output.len())?;
    lengths::expect(
        "filter",
        filter.len(),
        lengths::product("filter", &[shape.depth()?, shape.out_channels])?,
    )?;
    lengths::expect_depth_i8(shape.depth()?)?;
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

/// Calls `product(index into input or None in the padding, index into filter)` for each tap and
/// input channel of output element `index`, in the order (kh, kw, ci).
fn for_each_tap(shape: &Conv2dShape, index: usize, mut product: impl FnMut(Option<usize>, usize)) {
    let (height, width) = (&shape.height, &shape.width);
    let channel = index % shape.out_channels;
    let pixel = index / shape.out_channels;
    let (line, x) = (pixel / width.output, pixel % width.output);
    let (image, y) = (line / height.output, line % height.output);
    for kh in 0..height.kernel {
        for kw in 0..width.kernel {
            let source = height.source(y, kh).zip(width.source(x, kw));
            let position = source.map(|(y, x)| (image * height.input + y) * width.input + x);
            for ci in 0..shape.in_channels {
                let weight = (kh * width.kernel + kw) * shape.in_channels + ci;
                product(
                    position.map(|position| position * shape.in_channels + ci),
                    weight * shape.out_channels + channel,
                );
            }
        }
    }
}

/// [`conv2d_grouped_f32`](super::conv2d_grouped_f32) with the filter in HWIO order: one sum after
/// the other over its own group's channels.
///
/// # Errors
/// As [`conv2d_f32`]; [`KernelError::Groups`] as the fast kernel.
pub fn conv2d_grouped_f32(
    input: &[f32],
    shape: &Conv2dShape,
    groups: usize,
    filter: &[f32],
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> Result<(), KernelError> {
    let (cin, cout) = (shape.in_channels, shape.out_channels);
    if groups == 0 || !cin.is_multiple_of(groups) || !cout.is_multiple_of(groups) {
        return Err(KernelError::Groups { channels: (cin, cout), groups });
    }
    shape.expect_slices(input.len(), output.len())?;
    lengths::expect_epilogue(&epilogue, cout)?;
    let group = Conv2dShape { in_channels: cin / groups, ..*shape };
    lengths::expect("filter", filter.len(), lengths::product("filter", &[group.depth()?, cout])?)?;
    for (index, out) in output.iter_mut().enumerate() {
        let first = index % cout / (cout / groups) * group.in_channels;
        let mut sum = 0.0_f32;
        for_each_tap(&group, index, |source, weight| {
            // `source` counts pixels of one group's channels.
            let x = source.map_or(0.0, |source| {
                let (pixel, channel) = (source / group.in_channels, source % group.in_channels);
                input[pixel * cin + first + channel]
            });
            sum = x.mul_add(filter[weight], sum);
        });
        *out = epilogue.apply(sum, index % cout, *out);
    }
    Ok(())
}
