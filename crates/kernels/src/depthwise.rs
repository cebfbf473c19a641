//! Depthwise 2-D convolution, NHWC by HWCM: output channel c * multiplier + m is input channel c
//! under filter (c, m).
//!
//! A float sum runs over the taps inside the image in the order (kh, kw); taps in the padding are
//! skipped. An int8 sum is exact in any order.

mod f32_lines;
mod i8_lines;
mod multiplied;
mod packed;
pub mod reference;
mod shape;
mod taps;
#[cfg(test)]
mod tests;

pub use packed::PackedDepthwiseI8;
pub use shape::DepthwiseShape;

use crate::i32_epilogue::{I8Kernel, OutputStage};
use crate::{Epilogue, I32Epilogue, Isa, KernelError, OutputSlice, lengths, parallel};
use taps::Taps;

/// Lines of a thread that are not worth more than one share.
const SMALL: usize = 28;

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

fn depthwise_f32_on(
    isa: Isa,
    input: &[f32],
    shape: &DepthwiseShape,
    filter: &[f32],
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> Result<(), KernelError> {
    shape.expect_slices(input.len(), filter.len(), output.len())?;
    lengths::expect_epilogue(&epilogue, shape.out_channels()?)?;
    let line = lengths::product("output", &[shape.width.output, shape.out_channels()?])?;
    let work = output.len().saturating_mul(shape.taps()?);
    if shape.multiplier != 1 {
        parallel::for_each_chunk(output, line, work, Taps::default, |taps, index, output| {
            multiplied::line(
                shape,
                input,
                filter,
                taps,
                index,
                output,
                f32::mul_add,
                |sum, channel, held| epilogue.apply(sum, channel, held),
            );
        });
        return Ok(());
    }
    // Lines that share their input stay together, as far as there is work for all threads; of small
    // layers each thread has one share.
    let height = shape.height.output;
    let tasks = parallel::tasks(work);
    let lines = shape.batch * height;
    let shares = if lines < SMALL * parallel::threads() { tasks.min(parallel::threads()) } else { 2 * tasks };
    let share = lines.div_ceil(if tasks > 1 { shares } else { 1 }).max(1);
    parallel::for_each_chunk(
        output,
        share * line,
        work,
        || (),
        |(), index, mut output| {
            let mut next = index * share;
            while !output.is_empty() {
                let (image, y) = (next / height, next % height);
                let count = (height - y).min(output.len() / line);
                let (lines, rest) = output.split_at_mut(count * line);
                isa.run(f32_lines::F32Lines {
                    shape,
                    input,
                    filter,
                    epilogue,
                    image,
                    lines: y..y + count,
                    output: lines,
                });
                (output, next) = (rest, next + count);
            }
        },
    );
    Ok(())
}

/// Convolves each channel of int8 `input` into exact i32 sums of `(q - zero_offset) * w`, then does what
/// `epilogue` says.
///
/// # Errors
/// As [`depthwise_f32`]; [`KernelError::ZeroOffset`] if the offset is not an int8,
/// [`KernelError::Window`] if the filter was packed for another window, [`KernelError::Output`] if `output`
/// is not of the type that `epilogue` leads to.
pub fn depthwise_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &DepthwiseShape,
    filter: &PackedDepthwiseI8,
    epilogue: &I32Epilogue,
    output: OutputSlice<'_>,
) -> Result<(), KernelError> {
    filter.expect_shape(shape)?;
    shape.expect_slices(input.len(), shape.filter_len()?, output.len())?;
    let zero_offset = lengths::zero_offset(zero_offset)? as i8;
    epilogue.run(filter.out_channels(), output, DepthwiseI8 { input, zero_offset, shape, filter })
}

struct DepthwiseI8<'a> {
    input: &'a [i8],
    zero_offset: i8,
    shape: &'a DepthwiseShape,
    filter: &'a PackedDepthwiseI8,
}

impl I8Kernel for DepthwiseI8<'_> {
    fn run<O: OutputStage>(self, bias: &[i32], stage: O, output: &mut [O::Out]) -> Result<(), KernelError> {
        let Self { input, zero_offset, shape, filter } = self;
        let line = lengths::product("output", &[shape.width.output, shape.out_channels()?])?;
        let work = output.len().saturating_mul(shape.taps()?);
        if shape.multiplier == 1 && i8_lines::fits(shape, filter) {
            // Neighbouring lines see the same rows.
            let lines = lengths::product("output", &[line, i8_lines::LINES])?;
            parallel::for_each_chunk(output, lines, work, Vec::new, |words, index, output| {
                let first = index * i8_lines::LINES;
                filter.isa().run(i8_lines::I8Lines {
                    shape,
                    input,
                    zero_offset,
                    filter,
                    bias,
                    stage,
                    words,
                    first,
                    output,
                });
            });
            return Ok(());
        }
        parallel::for_each_chunk(output, line, work, Taps::default, |taps, index, output| {
            let zero_offset = i32::from(zero_offset);
            let add = |q: i8, w: i8, sum: i32| sum + (i32::from(q) - zero_offset) * i32::from(w);
            multiplied::line(
                shape,
                input,
                filter.values(),
                taps,
                index,
                output,
                add,
                |sum, channel, held| stage.one(sum.wrapping_add(bias[channel]), channel, held),
            );
        });
        Ok(())
    }
}
