//! The operator of every layer.

use amct_kernels::{I32Epilogue, OutputSlice};
use amct_tensor::{DType, DataFormat, Tensor};

use super::kernel::LayerKernel;
use super::packed::Packed;
use super::sums::sums_then;
use crate::fusible::{EpilogueStep, Fusible};
use crate::lines::LineLayer;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::window::from_nhwc;
use crate::{OpError, Value};

/// A layer of kind `K`.
pub(super) struct Layer<K: LayerKernel> {
    pub(super) kind: K,
    /// `None` for weights that come with each run: nothing is absorbed then.
    pub(super) packed: Option<Packed<K>>,
}

/// Makes a layer; constant weights are packed once.
pub(super) fn build<K: LayerKernel>(
    context: &mut BuildContext<'_>,
    kind: K,
) -> Result<Box<dyn Operator>, OpError> {
    let weights = context.take_constant(1);
    let packed = weights.map(|weights| Packed::new(&kind, weights)).transpose()?;
    Ok(Box::new(Layer { kind, packed }))
}

impl<K: LayerKernel> Operator for Layer<K> {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let activation = inputs.value(K::ACTIVATION)?;
        let output = match &self.packed {
            Some(packed) => self.compute(activation, packed, &mut inputs)?,
            None => {
                let weights = self.kind.weights(inputs.value(1)?)?;
                self.compute(activation, &Packed::new(&self.kind, weights)?, &mut inputs)?
            }
        };
        Ok(vec![output])
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        self.kind.is_per_image(inputs, batched)
    }

    fn as_fusible(&self) -> Option<&dyn Fusible> {
        Some(self)
    }

    fn as_fusible_mut(&mut self) -> Option<&mut dyn Fusible> {
        Some(self)
    }
}

impl<K: LayerKernel> Fusible for Layer<K> {
    fn absorb(&mut self, step: &EpilogueStep) -> bool {
        let packed = self.packed.as_mut().filter(|_| self.kind.format() == DataFormat::Nhwc);
        packed.is_some_and(|packed| packed.absorb(step))
    }

    fn absorb_padding(&mut self, pads: &[(usize, usize)]) -> bool {
        let is_exact = match &self.packed {
            Some(Packed::F32 { weights, .. }) => K::is_padding_exact(weights),
            Some(Packed::I8 { .. }) => true,
            None => false,
        };
        is_exact && self.kind.absorb_padding(pads)
    }

    fn depth(&self) -> usize {
        self.packed.as_ref().map_or(0, |packed| K::depth(packed.dims()))
    }

    fn as_line_layer(&self) -> Option<&dyn LineLayer> {
        let by_lines = K::BY_LINES && self.kind.format() == DataFormat::Nhwc && self.packed.is_some();
        by_lines.then_some(self)
    }
}

impl<K: LayerKernel> Layer<K> {
    fn compute(&self, activation: Value, packed: &Packed<K>, inputs: &mut Inputs) -> Result<Value, OpError> {
        let addend = addend(packed, inputs)?;
        match (activation, packed) {
            (Value::Plain(activation), Packed::F32 { dims, weights, epilogue }) => {
                let activation = self.kind.arrange::<f32>(activation)?;
                let shape = self.kind.shape(dims, activation.shape(), inputs)?;
                let (data, memory) = (activation.as_slice()?, inputs.memory());
                let output = epilogue.run(K::output(&shape)?, addend, memory, |epilogue, output| {
                    K::run_f32(data, &shape, weights, epilogue, output)
                })?;
                memory.give(activation);
                Ok(from_nhwc::<f32>(output, self.kind.format())?.into())
            }
            (Value::Quantized { q, zero_offset }, Packed::I8 { dims, weights, epilogue }) => {
                let activation = self.kind.arrange::<i8>(q)?;
                let shape = self.kind.shape(dims, activation.shape(), inputs)?;
                let (data, memory) = (activation.as_slice()?, inputs.memory());
                let run = |epilogue: &I32Epilogue, output: OutputSlice<'_>| {
                    K::run_i8((data, zero_offset), &shape, weights, epilogue, output)
                };
                let output = K::output(&shape)?;
                let channels = output.last().copied().unwrap_or(1);
                let output = epilogue.run(output, addend, memory, |epilogue, output| {
                    if K::SUMS_ALONE {
                        sums_then(epilogue, channels, output, memory, |sums| run(epilogue, sums))
                    } else {
                        run(epilogue, output)
                    }
                })?;
                memory.give(activation);
                sums_from_nhwc(output, self.kind.format())
            }
            (Value::Plain(_), Packed::I8 { .. }) => Err(mixed("int8 weights", "no AscendQuant")),
            (Value::Quantized { .. }, Packed::F32 { .. }) => Err(mixed("float weights", "an AscendQuant")),
        }
    }
}

/// The tensor to add, which is the last input, if one was absorbed.
fn addend<K: LayerKernel>(packed: &Packed<K>, inputs: &mut Inputs) -> Result<Option<Tensor>, OpError> {
    if packed.accumulates() { inputs.tensor(inputs.len().saturating_sub(1)).map(Some) } else { Ok(None) }
}

/// The output of an int8 layer in the layout of its node. Only in NHWC has it absorbed anything, so
/// in the other it is plain sums.
fn sums_from_nhwc(output: Value, format: DataFormat) -> Result<Value, OpError> {
    match output {
        Value::Plain(sums) if sums.dtype() == DType::I32 => Ok(from_nhwc::<i32>(sums, format)?.into()),
        other => Ok(other),
    }
}

/// A layer of which only one side is quantized.
fn mixed(weights: &str, input: &str) -> OpError {
    OpError::Unsupported(format!("the layer has {weights}, but {input} before its input"))
}
