//! Dense 2-D convolution, NHWC by HWIO, as a product of image patches and the packed filter.
//!
//! The filter is packed as a matrix of kernel height * kernel width * input channels rows, so each
//! sum runs over (kh, kw, ci). A tap in the padding contributes an explicit 0.0 (int8: the zero
//! offset, hence 0): it changes a sum only if its weight is infinite or NaN. Where the window lies
//! inside a long line, no patches are made: its rows are read from the image.

mod grouped;
mod im2col;
mod lines;
pub mod reference;
mod shape;
#[cfg(test)]
mod tests;

pub use grouped::{conv2d_grouped_f32, conv2d_grouped_i8};
pub use shape::Conv2dShape;

use crate::gemm::{I8Accumulation, Lhs, PackedF32, PackedI8, PaddedEpilogue, ROW_BLOCK};
use crate::i32_epilogue::{I8Kernel, OutputStage};
use crate::{Epilogue, I32Epilogue, KernelError, OutputSlice, lengths};
use im2col::Strides;

/// Convolves `input`, batch x height x width x in_channels, into `output` with out_channels.
///
/// # Errors
/// [`KernelError::Packed`] if the filter is not `shape.depth()` x out_channels,
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit `shape`.
pub fn conv2d_f32(
    input: &[f32],
    shape: &Conv2dShape,
    filter: &PackedF32,
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> Result<(), KernelError> {
    shape.expect_packed((filter.k(), filter.n()))?;
    shape.expect_slices(input.len(), output.len())?;
    let (k, n) = (filter.k(), filter.n());
    let epilogue = PaddedEpilogue::new(epilogue, n)?;
    if shape.is_pointwise() {
        return filter.multiply_parallel(input, &epilogue, output);
    }
    let strides = Strides { patch: k, row: shape.row_len() };
    let by_patches = |patches: &mut Vec<f32>, first: usize, output: &mut [f32]| {
        patches.resize(ROW_BLOCK * k, 0.0);
        for (block, output) in output.chunks_mut(ROW_BLOCK * n).enumerate() {
            let patches = &mut patches[..output.len() / n * k];
            im2col::fill(shape, input, first + block * ROW_BLOCK, strides, 0.0, patches);
            filter.multiply_rows(patches, &epilogue, output);
        }
    };
    let directly = |lines: Lhs<'_, f32>, output: &mut [f32]| {
        filter.multiply_segments(lines, &epilogue, output);
        true
    };
    lines::convolve(shape, input, output.len().saturating_mul(k), output, by_patches, directly);
    Ok(())
}

/// Convolves int8 `input` into exact i32 sums of `(q - zero_offset) * w`, then does what `epilogue` says.
///
/// # Errors
/// As [`conv2d_f32`]; [`KernelError::ZeroOffset`] if the offset is not an int8,
/// [`KernelError::Output`] if `output` is not of the type that `epilogue` leads to.
pub fn conv2d_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &Conv2dShape,
    filter: &PackedI8,
    epilogue: &I32Epilogue,
    output: OutputSlice<'_>,
) -> Result<(), KernelError> {
    shape.expect_packed((filter.k(), filter.n()))?;
    filter.expect_segments(shape.height.kernel)?;
    shape.expect_slices(input.len(), output.len())?;
    let zero_offset = lengths::zero_offset(zero_offset)?;
    epilogue.run(filter.n(), output, Conv2dI8 { input, zero_offset, shape, filter })
}

struct Conv2dI8<'a> {
    input: &'a [i8],
    zero_offset: i16,
    shape: &'a Conv2dShape,
    filter: &'a PackedI8,
}

impl I8Kernel for Conv2dI8<'_> {
    fn run<O: OutputStage>(self, bias: &[i32], stage: O, output: &mut [O::Out]) -> Result<(), KernelError> {
        let Self { input, zero_offset, shape, filter } = self;
        let accumulation = I8Accumulation { zero_offset, bias: Some(bias), stage };
        if shape.is_pointwise() {
            return filter.multiply_parallel(Lhs::rows(input, filter.k()), &accumulation, output);
        }
        let (stride, n) = (filter.stride(), filter.n());
        let strides = Strides {
            patch: stride,
            row: if filter.segments() == 1 { shape.row_len() } else { filter.segment_stride() },
        };
        let work = output.len().saturating_mul(stride) / 4;
        let by_patches = |(patches, words): &mut (Vec<i8>, Vec<i32>), first: usize, output: &mut [O::Out]| {
            patches.resize(ROW_BLOCK * stride, 0);
            for (block, output) in output.chunks_mut(ROW_BLOCK * n).enumerate() {
                let patches = &mut patches[..output.len() / n * stride];
                let first = first + block * ROW_BLOCK;
                im2col::fill(shape, input, first, strides, zero_offset as i8, patches);
                filter.multiply_rows(Lhs::rows(patches, stride), &accumulation, words, output);
            }
        };
        let directly = |lines: Lhs<'_, i8>, output: &mut [O::Out]| {
            filter.multiply_segments(lines, &accumulation, output)
        };
        lines::convolve(shape, input, work, output, by_patches, directly);
        Ok(())
    }
}
