//! The elementwise kernels as plain loops: what the fast ones must equal to the bit.

use amct_tensor::quantization::quantize;

use super::exp;
use crate::{Activation, KernelError, lengths};

/// [`activate`](super::activate).
pub fn activate(values: &mut [f32], activation: Activation) {
    for x in values {
        *x = activation.apply(*x);
    }
}

/// [`bias_add`](super::bias_add).
///
/// # Errors
/// As [`bias_add`](super::bias_add).
pub fn bias_add(values: &mut [f32], bias: &[f32], activation: Activation) -> Result<(), KernelError> {
    lengths::rows("values", values.len(), bias.len())?;
    for (index, x) in values.iter_mut().enumerate() {
        *x = activation.apply(*x + bias[index % bias.len()]);
    }
    Ok(())
}

/// [`softmax`](super::softmax()).
///
/// # Errors
/// As [`softmax`](super::softmax()).
pub fn softmax(input: &[f32], classes: usize, output: &mut [f32]) -> Result<(), KernelError> {
    lengths::expect("output", output.len(), input.len())?;
    for row in 0..lengths::rows("input", input.len(), classes)? {
        let row = row * classes..(row + 1) * classes;
        let mut max = f32::NEG_INFINITY;
        for &x in &input[row.clone()] {
            max = max.max(x);
        }
        let mut sum = 0.0;
        for &x in &input[row.clone()] {
            sum += exp(x - max);
        }
        for index in row {
            output[index] = exp(input[index] - max) / sum;
        }
    }
    Ok(())
}

/// [`quantize_i8`](super::quantize_i8).
///
/// # Errors
/// As [`quantize_i8`](super::quantize_i8).
pub fn quantize_i8(
    input: &[f32],
    inverse_scale: f32,
    offset: i32,
    output: &mut [i8],
) -> Result<(), KernelError> {
    lengths::expect("output", output.len(), input.len())?;
    lengths::zero_offset(offset)?;
    for (out, &x) in output.iter_mut().zip(input) {
        *out = quantize(x, inverse_scale, offset);
    }
    Ok(())
}

/// [`dequantize_i32`](super::dequantize_i32).
///
/// # Errors
/// As [`dequantize_i32`](super::dequantize_i32).
pub fn dequantize_i32(sums: &[i32], scales: &[f32], output: &mut [f32]) -> Result<(), KernelError> {
    lengths::expect("output", output.len(), sums.len())?;
    lengths::rows("sums", sums.len(), scales.len())?;
    for (index, (out, &sum)) in output.iter_mut().zip(sums).enumerate() {
        *out = sum as f32 * scales[index % scales.len()];
    }
    Ok(())
}
