//! 3-D convolution, NDHWC by DHWIO, as a product of patches and the packed filter.
//!
//! The filter is packed as a matrix of kernel depth * height * width * input channels rows, so
//! each sum runs over (kd, kh, kw, ci). A tap in the padding contributes an explicit 0.0 (int8:
//! the zero offset, hence 0), as in [`conv2d`](crate::conv2d).

mod patches;
pub mod reference;
mod shape;
#[cfg(test)]
mod tests;

pub use shape::Conv3dShape;

use crate::gemm::{F32Patches, I8Patches, PackedF32, PackedI8, PaddedEpilogue, PatchProduct, ROW_BLOCK};
use crate::{Epilogue, KernelError, lengths, parallel};

/// Convolves `input`, batch x depth x height x width x in_channels, into `output` with
/// out_channels.
///
/// # Errors
/// [`KernelError::Packed`] if the filter is not `shape.taps()` x out_channels,
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit `shape`.
pub fn conv3d_f32(
    input: &[f32],
    shape: &Conv3dShape,
    filter: &PackedF32,
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> Result<(), KernelError> {
    shape.expect_packed((filter.k(), filter.n()))?;
    let epilogue = PaddedEpilogue::new(epilogue, shape.out_channels)?;
    convolve(F32Patches(&epilogue), input, shape, filter, output)
}

/// Convolves int8 `input` into exact i32 sums of `(q - zero_offset) * w`.
///
/// # Errors
/// As [`conv3d_f32`]; [`KernelError::ZeroOffset`] if the offset is not an int8.
pub fn conv3d_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &Conv3dShape,
    filter: &PackedI8,
    output: &mut [i32],
) -> Result<(), KernelError> {
    shape.expect_packed((filter.k(), filter.n()))?;
    filter.expect_segments(1)?;
    let zero_offset = lengths::zero_offset(zero_offset)?;
    convolve(I8Patches { zero_offset }, input, shape, filter, output)
}

fn convolve<P: PatchProduct>(
    product: P,
    input: &[P::Element],
    shape: &Conv3dShape,
    filter: &P::Packed,
    output: &mut [P::Output],
) -> Result<(), KernelError> {
    shape.expect_slices(input.len(), output.len())?;
    let (stride, n) = (P::stride(filter), shape.out_channels);
    let work = output.len().saturating_mul(stride);
    let scratch = || vec![product.padding(); ROW_BLOCK * stride];
    parallel::for_each_chunk(output, ROW_BLOCK * n, work, scratch, |scratch, index, output| {
        let positions = output.len() / n;
        let patches = &mut scratch[..positions * stride];
        if stride > 0 {
            let first = index * ROW_BLOCK;
            for (position, patch) in (first..).zip(patches.chunks_exact_mut(stride)) {
                patches::fill(product, shape, input, position, patch);
            }
        }
        product.multiply_rows(filter, patches, output);
    });
    Ok(())
}
