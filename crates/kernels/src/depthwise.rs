//! Depthwise 2-D convolution, NHWC by HWCM: output channel c * multiplier + m is input channel c
//! under filter (c, m).
//!
//! A sum runs over the taps inside the image in the order (kh, kw); taps in the padding are
//! skipped.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod line;
mod products;
pub mod reference;
mod shape;
mod taps;
#[cfg(test)]
mod tests;

pub use shape::DepthwiseShape;

use crate::{Epilogue, Isa, KernelError, lengths, parallel};
use products::{F32Products, I8Products, Products};
use taps::Taps;

/// Convolves each channel of `input`, batch x height x width x channels, into `output` with
/// channels * multiplier. `filter` is in HWCM order; the bias has one value per output channel.
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit `shape`.
pub fn depthwise_f32(
    input: &[f32],
    shape: &DepthwiseShape,
    filter: &[f32],
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> Result<(), KernelError> {
    depthwise_f32_on(Isa::best(), input, shape, filter, epilogue, output)
}

/// Convolves each channel of int8 `input` into exact i32 sums of `(q - zero_offset) * w`.
///
/// # Errors
/// As [`depthwise_f32`]; [`KernelError::ZeroOffset`] if the offset is not an int8,
/// [`KernelError::Depth`] if the filter has so many taps that a sum might not fit an i32.
pub fn depthwise_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &DepthwiseShape,
    filter: &[i8],
    output: &mut [i32],
) -> Result<(), KernelError> {
    depthwise_i8_on(Isa::best(), input, zero_offset, shape, filter, output)
}

fn depthwise_f32_on(
    isa: Isa,
    input: &[f32],
    shape: &DepthwiseShape,
    filter: &[f32],
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> Result<(), KernelError> {
    shape.expect_slices(input.len(), filter.len(), output.len())?;
    lengths::expect_bias(epilogue.bias, shape.out_channels()?)?;
    convolve(isa, F32Products { epilogue }, input, shape, filter, output)
}

fn depthwise_i8_on(
    isa: Isa,
    input: &[i8],
    zero_offset: i32,
    shape: &DepthwiseShape,
    filter: &[i8],
    output: &mut [i32],
) -> Result<(), KernelError> {
    shape.expect_slices(input.len(), filter.len(), output.len())?;
    lengths::expect_depth_i8(shape.taps()?)?;
    let zero_offset = lengths::zero_offset(zero_offset)?;
    convolve(isa, I8Products { zero_offset }, input, shape, filter, output)
}

fn convolve<P: Products>(
    isa: Isa,
    products: P,
    input: &[P::Value],
    shape: &DepthwiseShape,
    filter: &[P::Value],
    output: &mut [P::Sum],
) -> Result<(), KernelError> {
    let line = lengths::product("output", &[shape.width.output, shape.out_channels()?])?;
    let work = output.len().saturating_mul(shape.taps()?);
    parallel::for_each_chunk(output, line, work, Taps::default, |taps, index, output| {
        line::line((isa, products), shape, input, filter, taps, index, output);
    });
    Ok(())
}
