//! f32 to int8, and int32 sums to f32: the same bits as `amct_tensor::quantization`, in vectors.

use amct_tensor::quantization::{I8_MAX, I8_MIN};
use amct_tensor::rounding::half_away;

use super::CHUNK;
use crate::isa::Kernel;
use crate::simd::Simd;
use crate::{Isa, KernelError, lengths, parallel};

/// Quantizes every value as [`amct_tensor::quantization::quantize`] does.
///
/// # Errors
/// [`KernelError::Length`] if `output` is not as long as `input`, [`KernelError::ZeroOffset`] if
/// `offset` is not an int8.
pub fn quantize_i8(
    input: &[f32],
    inverse_scale: f32,
    offset: i32,
    output: &mut [i8],
) -> Result<(), KernelError> {
    quantize_i8_on(Isa::best(), input, inverse_scale, offset, output)
}

pub(super) fn quantize_i8_on(
    isa: Isa,
    input: &[f32],
    inverse_scale: f32,
    offset: i32,
    output: &mut [i8],
) -> Result<(), KernelError> {
    lengths::expect("output", output.len(), input.len())?;
    lengths::zero_offset(offset)?;
    parallel::for_each_chunk(
        output,
        CHUNK,
        input.len(),
        || (),
        |(), index, output| {
            isa.run(Quantize { input: &input[index * CHUNK..], inverse_scale, offset, output });
        },
    );
    Ok(())
}

struct Quantize<'a> {
    input: &'a [f32],
    inverse_scale: f32,
    offset: i32,
    output: &'a mut [i8],
}

impl Kernel for Quantize<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        for (out, &x) in self.output.iter_mut().zip(self.input) {
            *out = quantize(x, self.inverse_scale, self.offset);
        }
    }
}

/// [`amct_tensor::quantization::quantize`] without its saturating cast, which keeps a loop scalar:
/// once clamped, the integer sits in the low mantissa bits of its sum with 1.5 * 2^23.
#[inline(always)]
fn quantize(x: f32, inverse_scale: f32, offset: i32) -> i8 {
    const SHIFT: f32 = 12_582_912.0;
    let rounded = half_away(x * inverse_scale);
    let rounded = if rounded.is_nan() { 0.0 } else { rounded };
    let shifted = rounded.clamp(-1024.0, 1024.0) + SHIFT;
    let integer = shifted.to_bits().wrapping_sub(SHIFT.to_bits()) as i32;
    (integer + offset).clamp(I8_MIN, I8_MAX) as i8
}

/// `sum as f32 * scale`, both roundings to nearest even. `scales` has one value for all, or one
/// per element of the last axis.
///
/// # Errors
/// [`KernelError::Length`] if `output` is not as long as `sums`, [`KernelError::PartialRow`] if
/// they are not made of rows as long as `scales`.
pub fn dequantize_i32(sums: &[i32], scales: &[f32], output: &mut [f32]) -> Result<(), KernelError> {
    lengths::expect("output", output.len(), sums.len())?;
    let row = scales.len();
    lengths::rows("sums", sums.len(), row)?;
    if row == 0 {
        return Ok(());
    }
    let chunk = CHUNK.next_multiple_of(row);
    parallel::for_each_chunk(
        output,
        chunk,
        sums.len(),
        || (),
        |(), index, output| {
            let sums = &sums[index * chunk..];
            if let &[scale] = scales {
                output.iter_mut().zip(sums).for_each(|(out, &sum)| *out = sum as f32 * scale);
                return;
            }
            for (output, sums) in output.chunks_exact_mut(row).zip(sums.chunks_exact(row)) {
                for ((out, &sum), scale) in output.iter_mut().zip(sums).zip(scales) {
                    *out = sum as f32 * scale;
                }
            }
        },
    );
    Ok(())
}
