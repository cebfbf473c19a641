//! Transposed 2-D convolution (TensorFlow's Conv2DBackpropInput), NHWC by HWOI: the gradient of a
//! convolution with respect to its input.
//!
//! Output position p along an axis meets tap t where `p + pad_before - t * dilation` is a multiple
//! of the stride, so all positions of one residue modulo the stride, their phase, share their taps.
//! Each pair of phases is a dense convolution with a filter of its own, packed once; it gathers,
//! so an output element has one writer. Its sum runs over the taps of its phase in the order
//! (kh, kw, ci); a tap that meets no input contributes an explicit 0.0 (int8: 0).

mod filter;
mod lines;
mod phases;
pub mod reference;
mod shape;
#[cfg(test)]
mod tests;

pub use filter::{TransposeFilter, TransposeFilterF32, TransposeFilterI8};
pub use shape::{Conv2dTransposeShape, TransposeWindow};

use crate::gemm::{F32Patches, I8Patches, PaddedEpilogue, PatchProduct};
use crate::{Epilogue, KernelError, lengths, parallel};

/// Spreads `input`, batch x height.output x width.output x in_channels, over `output`, batch x
/// height.input x width.input x out_channels.
///
/// # Errors
/// [`KernelError::Window`] if the filter was packed for another window,
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit `shape`.
pub fn conv2d_transpose_f32(
    input: &[f32],
    shape: &Conv2dTransposeShape,
    filter: &TransposeFilterF32,
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> Result<(), KernelError> {
    let epilogue = PaddedEpilogue::new(epilogue, shape.out_channels)?;
    spread(F32Patches(&epilogue), input, shape, filter, output)
}

/// Spreads int8 `input` into exact i32 sums of `(q - zero_offset) * w`.
///
/// # Errors
/// As [`conv2d_transpose_f32`]; [`KernelError::ZeroOffset`] if the offset is not an int8.
pub fn conv2d_transpose_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &Conv2dTransposeShape,
    filter: &TransposeFilterI8,
    output: &mut [i32],
) -> Result<(), KernelError> {
    let zero_offset = lengths::zero_offset(zero_offset)?;
    spread(I8Patches { zero_offset }, input, shape, filter, output)
}

fn spread<P: PatchProduct>(
    product: P,
    input: &[P::Element],
    shape: &Conv2dTransposeShape,
    filter: &TransposeFilter<P::Packed>,
    output: &mut [P::Output],
) -> Result<(), KernelError> {
    if *filter.window() != shape.window() {
        return Err(KernelError::Window);
    }
    shape.expect_slices(input.len(), output.len())?;
    let line = lengths::product("output", &[shape.width.input, shape.out_channels])?;
    let work = input.len().saturating_mul(shape.taps()?).saturating_mul(shape.out_channels);
    parallel::for_each_chunk(output, line, work, lines::Scratch::default, |scratch, index, output| {
        lines::line(product, shape, input, filter, scratch, index, output);
    });
    Ok(())
}
