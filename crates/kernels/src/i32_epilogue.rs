//! What follows the exact sums of an int8 layer: bias, dequantization, activation, and the next
//! layer's quantization, in one pass and to the same bits as one by one.

mod output_stage;
#[cfg(test)]
mod tests;

use amct_tensor::quantization::quantize;

use crate::simd::ToI8;
use crate::{Activation, KernelError, lengths};

pub(crate) use output_stage::{Dequantize, KeepI32, OutputStage, Requantize};

/// Elements that vectors may read behind the last channel.
const PADDING: usize = 64;

/// What is done with the sums of a layer, made ready once. Steps are added in the order in which
/// they are done; one that cannot be done here to the bit is refused, and the caller does it.
#[derive(Clone, Debug)]
pub struct I32Epilogue {
    channels: usize,
    /// No sum is larger in magnitude.
    limit: i64,
    /// One value per channel, then padding.
    bias: Vec<i32>,
    steps: Steps,
}

/// How far the sums are taken.
#[derive(Clone, Debug)]
enum Steps {
    Sums,
    Dequantize { scales: Vec<f32>, activation: Activation, accumulate: bool },
    Requantize { scales: Vec<f32>, inverse_scale: f32, to: ToI8 },
}

/// Where the results of an int8 layer go: the type says how far [`I32Epilogue`] must take them.
#[derive(Debug)]
pub enum OutputSlice<'a> {
    /// Sums, bias included.
    I32(&'a mut [i32]),
    /// Dequantize values, after the activation.
    F32(&'a mut [f32]),
    /// Values quantized for the next layer.
    I8(&'a mut [i8]),
}

/// The element type of a layer's results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputType {
    /// Exact sums.
    I32,
    /// Dequantize values.
    F32,
    /// Values quantized for the next layer.
    I8,
}

impl I32Epilogue {
    /// Nothing: the sums themselves, of which none exceeds `limit` in magnitude.
    pub fn new(channels: usize, limit: i64) -> Self {
        Self { channels, limit, bias: vec![0; channels + PADDING], steps: Steps::Sums }
    }

    /// The type of the results.
    pub fn output(&self) -> OutputType {
        match &self.steps {
            Steps::Sums => OutputType::I32,
            Steps::Dequantize { .. } => OutputType::F32,
            Steps::Requantize { .. } => OutputType::I8,
        }
    }

    /// Adds `bias`, one value per channel; whether it can, which is if no sum can leave i32.
    pub fn add_bias(&mut self, bias: &[i32]) -> bool {
        let largest = bias.iter().map(|&b| i64::from(b).abs()).max().unwrap_or(0);
        let limit = self.limit.saturating_add(largest);
        let plain = matches!(self.steps, Steps::Sums) && self.bias.iter().all(|&b| b == 0);
        if !plain || bias.len() != self.channels || limit > i32::MAX.into() {
            return false;
        }
        self.bias[..self.channels].copy_from_slice(bias);
        self.limit = limit;
        true
    }

    /// Multiplies the sums, rounded to f32, by `scales`: one for all, or one per channel. All must
    /// be positive and finite.
    pub fn dequantize(&mut self, scales: &[f32]) -> bool {
        let per_channel = scales.len() == self.channels;
        let usable = scales.iter().all(|&scale| scale > 0.0 && scale.is_finite());
        if !matches!(self.steps, Steps::Sums) || !usable || !(per_channel || scales.len() == 1) {
            return false;
        }
        let mut padded = vec![1.0; self.channels + PADDING];
        let channels = scales.iter().copied().cycle();
        padded[..self.channels].iter_mut().zip(channels).for_each(|(to, scale)| *to = scale);
        self.steps = Steps::Dequantize { scales: padded, activation: Activation::None, accumulate: false };
        true
    }

    /// Applies an activation to the dequantized values.
    pub fn activate(&mut self, next: Activation) -> bool {
        match &mut self.steps {
            Steps::Dequantize { activation, accumulate: false, .. } if *activation == Activation::None => {
                *activation = next;
                true
            }
            _ => false,
        }
    }

    /// Adds the results to what the output holds, instead of replacing it.
    pub fn accumulate(&mut self) -> bool {
        match &mut self.steps {
            Steps::Dequantize { accumulate, .. } if !*accumulate => {
                *accumulate = true;
                true
            }
            _ => false,
        }
    }

    /// Whether the results are added to what the output holds.
    pub fn accumulates(&self) -> bool {
        matches!(self.steps, Steps::Dequantize { accumulate: true, .. })
    }

    /// The same without [`accumulate`](Self::accumulate).
    pub fn replacing(&self) -> Self {
        let mut replacing = self.clone();
        if let Steps::Dequantize { accumulate, .. } = &mut replacing.steps {
            *accumulate = false;
        }
        replacing
    }

    /// Quantizes for the next layer, as [`quantize`] does.
    ///
    /// The activation becomes bounds of the int8 values: dequantization and quantization never
    /// decrease, so that clipping before or after them is the same.
    pub fn quantize(&mut self, inverse_scale: f32, offset: i32) -> bool {
        let Steps::Dequantize { scales, activation, accumulate: false } = &mut self.steps else {
            return false;
        };
        let Ok(offset_i8) = i8::try_from(offset) else { return false };
        // What is rounded must fit an i32 whatever the sum.
        let largest = scales.iter().take(self.channels).fold(0.0_f32, |largest, &scale| largest.max(scale));
        let bound = self.limit as f64 * f64::from(largest) * f64::from(inverse_scale);
        if !(inverse_scale > 0.0 && bound < f64::from(1 << 30)) {
            return false;
        }
        let (low, high) = activation.bounds();
        let bound = |x: f32, otherwise: i8| {
            if x.is_finite() { quantize(x, inverse_scale, offset) } else { otherwise }
        };
        let to = ToI8 { offset: offset_i8, low: bound(low, i8::MIN), high: bound(high, i8::MAX) };
        self.steps = Steps::Requantize { scales: std::mem::take(scales), inverse_scale, to };
        true
    }

    /// Does the steps to sums that lie in memory, rows of one value per channel.
    ///
    /// # Errors
    /// [`KernelError::Output`] if `output` is not of the type that the steps lead to,
    /// [`KernelError::Length`] or [`KernelError::PartialRow`] if the lengths do not fit.
    pub fn apply(&self, sums: &[i32], output: OutputSlice<'_>) -> Result<(), KernelError> {
        lengths::rows("sums", sums.len(), self.channels)?;
        lengths::expect("output", output.len(), sums.len())?;
        self.run(self.channels, output, Apply { sums, channels: self.channels })
    }

    /// Runs `kernel` with what turns sums into `output`'s elements, and these.
    ///
    /// # Errors
    /// [`KernelError::Output`] if `output` is not of the type that the steps lead to,
    /// [`KernelError::Length`] if the channels are not `channels`.
    pub(crate) fn run<K: I8Kernel>(
        &self,
        channels: usize,
        output: OutputSlice<'_>,
        kernel: K,
    ) -> Result<(), KernelError> {
        lengths::expect("epilogue", self.channels, channels)?;
        let bias = &self.bias;
        match (&self.steps, output) {
            (Steps::Sums, OutputSlice::I32(output)) => kernel.run(bias, KeepI32, output),
            (&Steps::Dequantize { ref scales, activation, accumulate }, OutputSlice::F32(output)) => {
                kernel.run(bias, Dequantize { scales, activation, accumulate }, output)
            }
            (Steps::Requantize { scales, inverse_scale, to }, OutputSlice::I8(output)) => {
                kernel.run(bias, Requantize { scales, inverse_scale: *inverse_scale, to: *to }, output)
            }
            _ => Err(KernelError::Output),
        }
    }
}

struct Apply<'a> {
    sums: &'a [i32],
    channels: usize,
}

impl I8Kernel for Apply<'_> {
    fn run<O: OutputStage>(self, bias: &[i32], stage: O, output: &mut [O::Out]) -> Result<(), KernelError> {
        let rows =
            output.chunks_exact_mut(self.channels.max(1)).zip(self.sums.chunks_exact(self.channels.max(1)));
        for (output, sums) in rows {
            for (channel, (output, &sum)) in output.iter_mut().zip(sums).enumerate() {
                *output = stage.one(sum.wrapping_add(bias[channel]), channel, *output);
            }
        }
        Ok(())
    }
}

/// A kernel that makes sums.
pub(crate) trait I8Kernel {
    /// Writes the results of all sums; `bias` has a value per channel, and padding.
    fn run<O: OutputStage>(self, bias: &[i32], stage: O, output: &mut [O::Out]) -> Result<(), KernelError>;
}

impl OutputSlice<'_> {
    /// The number of elements.
    pub(crate) fn len(&self) -> usize {
        match self {
            OutputSlice::I32(output) => output.len(),
            OutputSlice::F32(output) => output.len(),
            OutputSlice::I8(output) => output.len(),
        }
    }
}
