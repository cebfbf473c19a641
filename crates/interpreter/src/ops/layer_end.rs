//! What a layer computes besides its sums of products: the nodes behind it that it has absorbed.

use amct_kernels::{Activation, Epilogue, I32Epilogue, KernelError, Norm, OutputSlice, OutputType};
use amct_tensor::{DType, Tensor, checked_len};

use super::broadcast::broadcast;
use crate::lines::{LineType, LinesMut};
use crate::memory::Memory;
use crate::operator::{Following, Inputs};
use crate::{OpError, Value};

/// The end of a layer.
pub(super) enum LayerEnd {
    /// Of floats.
    Float(FloatEnd),
    /// Of int8: what the epilogue holds.
    Integer {
        epilogue: Box<I32Epilogue>,
        /// Of the results, if they are quantized again.
        zero_offset: i32,
    },
    /// Of weights that come with each run, so that nothing can be made ready.
    Open,
}

/// Bias, batch normalization, activation, a sum with another tensor, in this order.
#[derive(Default)]
pub(super) struct FloatEnd {
    bias: Option<Vec<f32>>,
    /// Mean, factor and offset.
    norm: Option<[Vec<f32>; 3]>,
    activation: Activation,
    accumulate: bool,
}

impl FloatEnd {
    /// Takes a node behind the layer in, if the order of the steps is kept.
    pub(super) fn absorb(&mut self, next: &Following) -> bool {
        let (normed, clipped) = (self.norm.is_some(), self.activation != Activation::None);
        match next {
            _ if self.accumulate => return false,
            Following::Add => self.accumulate = true,
            _ if clipped => return false,
            Following::Relu => self.activation = Activation::Relu,
            Following::Relu6 => self.activation = Activation::Relu6,
            _ if normed => return false,
            Following::Norm { mean, factor, offset } => {
                self.norm = Some([mean.clone(), factor.clone(), offset.clone()]);
            }
            Following::Bias { values, .. } if self.bias.is_none() => self.bias = Some(values.clone()),
            _ => return false,
        }
        true
    }

    /// What the kernel does; `accumulate` if there is something to add to.
    pub(super) fn epilogue(&self, accumulate: bool) -> Epilogue<'_> {
        Epilogue {
            bias: self.bias.as_deref(),
            norm: self.norm.as_ref().map(|[mean, factor, offset]| Norm { mean, factor, offset }),
            activation: self.activation,
            accumulate: self.accumulate && accumulate,
        }
    }
}

impl LayerEnd {
    pub(super) fn float() -> Self {
        LayerEnd::Float(FloatEnd::default())
    }

    /// The end of an int8 layer none of whose sums exceeds `limit` in magnitude.
    pub(super) fn integer(channels: usize, limit: i64) -> Self {
        let epilogue = Box::new(I32Epilogue::new(channels, limit));
        LayerEnd::Integer { epilogue, zero_offset: 0 }
    }

    /// Takes a node behind the layer in, if the order of the steps is kept to the bit.
    pub(super) fn absorb(&mut self, next: &Following) -> bool {
        match self {
            LayerEnd::Open => false,
            LayerEnd::Float(end) => end.absorb(next),
            LayerEnd::Integer { epilogue, zero_offset } => match next {
                Following::Bias { integers: Some(integers), .. } => epilogue.add_bias(integers),
                Following::Bias { .. } | Following::Norm { .. } => false,
                Following::Dequantize(scales) => epilogue.dequantize(scales),
                Following::Relu => epilogue.activate(Activation::Relu),
                Following::Relu6 => epilogue.activate(Activation::Relu6),
                &Following::Quantize { inverse_scale, offset } => {
                    *zero_offset = offset;
                    epilogue.quantize(inverse_scale, offset)
                }
                Following::Add => epilogue.accumulate(),
            },
        }
    }

    /// Whether a tensor is added, which is the last input.
    pub(super) fn accumulates(&self) -> bool {
        match self {
            LayerEnd::Float(end) => end.accumulate,
            LayerEnd::Integer { epilogue, .. } => epilogue.accumulates(),
            LayerEnd::Open => false,
        }
    }

    /// What the layer writes, if it is known and not plain sums.
    pub(super) fn line_type(&self) -> Option<LineType> {
        match self {
            LayerEnd::Open => None,
            LayerEnd::Float(_) => Some(LineType::F32),
            LayerEnd::Integer { epilogue, zero_offset } => match epilogue.output() {
                OutputType::F32 => Some(LineType::F32),
                OutputType::I8 => Some(LineType::I8 { zero_offset: *zero_offset }),
                OutputType::I32 => None,
            },
        }
    }

    /// Runs a float layer on some lines; those of a sum hold what is added.
    pub(super) fn run_float_lines(
        &self,
        output: LinesMut<'_>,
        run: impl FnOnce(Epilogue<'_>, &mut [f32]) -> Result<(), KernelError>,
    ) -> Result<(), OpError> {
        match (self, output) {
            (LayerEnd::Float(end), LinesMut::F32(output)) => Ok(run(end.epilogue(true), output)?),
            _ => Err(other_lines()),
        }
    }

    /// Runs an int8 layer on some lines; those of a sum hold what is added.
    pub(super) fn run_integer_lines(
        &self,
        output: LinesMut<'_>,
        run: impl FnOnce(&I32Epilogue, OutputSlice<'_>) -> Result<(), KernelError>,
    ) -> Result<(), OpError> {
        let output = match output {
            LinesMut::F32(output) => OutputSlice::F32(output),
            LinesMut::I8(output) => OutputSlice::I8(output),
        };
        match self {
            LayerEnd::Integer { epilogue, .. } => Ok(run(epilogue, output)?),
            _ => Err(other_lines()),
        }
    }

    /// The tensor to add, which is the last input, if one was absorbed.
    pub(super) fn addend(&self, inputs: &mut Inputs) -> Result<Option<Tensor>, OpError> {
        if self.accumulates() { inputs.tensor(inputs.len().saturating_sub(1)).map(Some) } else { Ok(None) }
    }

    /// Makes a float output of `shape`; `run` computes it.
    pub(super) fn run_float(
        &self,
        shape: Vec<usize>,
        addend: Option<Tensor>,
        memory: &Memory,
        run: impl FnOnce(Epilogue<'_>, &mut [f32]) -> Result<(), KernelError>,
    ) -> Result<Tensor, OpError> {
        let (mut output, addend) = buffer(&shape, addend, memory)?;
        let epilogue = match self {
            LayerEnd::Float(end) => end.epilogue(addend.is_none()),
            _ => Epilogue::default(),
        };
        run(epilogue, &mut output)?;
        sum(Tensor::from_vec(shape, output)?, addend)
    }

    /// Makes the output of an int8 layer, of `shape`, whose sums do not exceed `limit`; `run`
    /// computes it.
    pub(super) fn run_integer(
        &self,
        shape: Vec<usize>,
        limit: i64,
        addend: Option<Tensor>,
        memory: &Memory,
        run: impl FnOnce(&I32Epilogue, OutputSlice<'_>) -> Result<(), KernelError>,
    ) -> Result<Value, OpError> {
        let changed;
        let (mut epilogue, zero_offset) = match self {
            LayerEnd::Integer { epilogue, zero_offset } => (epilogue.as_ref(), *zero_offset),
            _ => {
                let plain = I32Epilogue::new(shape.last().copied().unwrap_or(1), limit);
                return plain_sums(&plain, shape, memory, run);
            }
        };
        Ok(match epilogue.output() {
            OutputType::F32 => {
                let (mut output, addend) = buffer(&shape, addend, memory)?;
                if addend.is_some() {
                    changed = epilogue.replacing();
                    epilogue = &changed;
                }
                run(epilogue, OutputSlice::F32(&mut output))?;
                sum(Tensor::from_vec(shape, output)?, addend)?.into()
            }
            OutputType::I32 => plain_sums(epilogue, shape, memory, run)?,
            OutputType::I8 => {
                let mut output = memory.take(checked_len(&shape, DType::I8)?);
                run(epilogue, OutputSlice::I8(&mut output))?;
                Value::Quantized { q: Tensor::from_vec(shape, output)?, zero_offset }
            }
        })
    }
}

/// Lines of a type that the layer does not read or write.
pub(super) fn other_lines() -> OpError {
    OpError::Unsupported("the lines are not of the layer's types".to_owned())
}

fn plain_sums(
    epilogue: &I32Epilogue,
    shape: Vec<usize>,
    memory: &Memory,
    run: impl FnOnce(&I32Epilogue, OutputSlice<'_>) -> Result<(), KernelError>,
) -> Result<Value, OpError> {
    let mut output = memory.take(checked_len(&shape, DType::I32)?);
    run(epilogue, OutputSlice::I32(&mut output))?;
    Ok(Tensor::from_vec(shape, output)?.into())
}

/// The layer's output plus a tensor that did not have its shape.
fn sum(output: Tensor, addend: Option<Tensor>) -> Result<Tensor, OpError> {
    match addend {
        Some(addend) => broadcast::<f32>(output, addend, |a, b| a + b),
        None => Ok(output),
    }
}

/// A buffer for an output of `shape`. It holds what is to be added if that has the shape; else the
/// tensor to add comes back.
fn buffer(
    shape: &[usize],
    addend: Option<Tensor>,
    memory: &Memory,
) -> Result<(Vec<f32>, Option<Tensor>), OpError> {
    let len = checked_len(shape, DType::F32)?;
    match addend {
        Some(addend) if addend.shape() == shape && addend.is_shared() => {
            // Somebody else needs it still.
            let mut output = memory.take(len);
            output.copy_from_slice(addend.as_slice()?);
            Ok((output, None))
        }
        Some(addend) if addend.shape() == shape => Ok((addend.into_vec()?, None)),
        other => Ok((memory.take(len), other)),
    }
}
