//! What follows the sums of an int8 layer: bias, dequantization, activation, and the next layer's
//! quantization or a sum with another tensor.

use amct_kernels::{I32Epilogue, OutputSlice, OutputType};
use amct_tensor::{DType, Tensor, checked_len};

use super::addend::{buffer, sum};
use crate::fusible::EpilogueStep;
use crate::memory::Memory;
use crate::{OpError, Value};

/// The steps that an int8 layer has absorbed.
pub(super) struct IntegerEpilogue {
    steps: Box<I32Epilogue>,
    /// Of the results, if they are quantized again.
    zero_offset: i32,
}

impl IntegerEpilogue {
    /// None yet, of a layer none of whose sums exceeds `limit` in magnitude.
    pub(super) fn new((channels, limit): (usize, i64)) -> Self {
        Self { steps: Box::new(I32Epilogue::new(channels, limit)), zero_offset: 0 }
    }

    /// Takes a step in, if the order of the steps is kept to the bit.
    pub(super) fn absorb(&mut self, step: &EpilogueStep) -> bool {
        match step {
            EpilogueStep::Bias { integers, .. } => self.steps.add_bias(integers),
            EpilogueStep::Norm { .. } => false,
            EpilogueStep::Dequantize(scales) => self.steps.dequantize(scales),
            &EpilogueStep::Activate(activation) => self.steps.activate(activation),
            &EpilogueStep::Quantize { inverse_scale, offset } => {
                let is_taken = self.steps.quantize(inverse_scale, offset);
                if is_taken {
                    self.zero_offset = offset;
                }
                is_taken
            }
            EpilogueStep::Accumulate => self.steps.accumulate(),
        }
    }

    /// Whether a tensor is added, which is the last input.
    pub(super) fn accumulates(&self) -> bool {
        self.steps.accumulates()
    }

    /// What the kernel does.
    pub(super) fn of_kernel(&self) -> &I32Epilogue {
        &self.steps
    }

    /// The int8 that stands for zero in the results, if they are int8.
    pub(super) fn zero_offset(&self) -> i32 {
        self.zero_offset
    }

    /// Makes the layer's output, of `shape`; `run` computes it.
    pub(super) fn run(
        &self,
        shape: Vec<usize>,
        addend: Option<Tensor>,
        memory: &Memory,
        run: impl FnOnce(&I32Epilogue, OutputSlice<'_>) -> Result<(), OpError>,
    ) -> Result<Value, OpError> {
        Ok(match self.steps.output() {
            OutputType::F32 => {
                let (mut output, addend) = buffer(&shape, addend, memory)?;
                match &addend {
                    Some(_) => run(&self.steps.replacing(), OutputSlice::F32(&mut output))?,
                    None => run(&self.steps, OutputSlice::F32(&mut output))?,
                }
                sum(Tensor::from_vec(shape, output)?, addend)?.into()
            }
            OutputType::I32 => {
                let mut output = memory.take(checked_len(&shape, DType::I32)?);
                run(&self.steps, OutputSlice::I32(&mut output))?;
                Tensor::from_vec(shape, output)?.into()
            }
            OutputType::I8 => {
                let mut output = memory.take(checked_len(&shape, DType::I8)?);
                run(&self.steps, OutputSlice::I8(&mut output))?;
                Value::Quantized { q: Tensor::from_vec(shape, output)?, zero_offset: self.zero_offset }
            }
        })
    }
}
