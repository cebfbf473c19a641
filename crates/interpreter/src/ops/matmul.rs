//! `MatMul`, in float and in int8.

use amct_kernels::gemm::{PackedF32, PackedI8, gemm_f32, gemm_i8};
use amct_kernels::{Epilogue, I32Epilogue, OutputSlice};
use amct_tensor::{DType, Element, Tensor};

use super::conv2d::mixed;
use super::layer_end::LayerEnd;
use super::per_image::layer_per_image;
use crate::memory::Memory;
use crate::operator::{BuildContext, Following, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let attrs = context.attributes();
    let transpose_b = attrs.bool_or("transpose_b", false)?;
    let right = context.take_constant(1).map(|right| Right::pack(right, transpose_b)).transpose()?;
    Ok(Box::new(MatMul {
        transpose_a: attrs.bool_or("transpose_a", false)?,
        transpose_b,
        end: right.as_ref().map_or(LayerEnd::Open, Right::end),
        right,
    }))
}

struct MatMul {
    transpose_a: bool,
    transpose_b: bool,
    right: Option<Right>,
    end: LayerEnd,
}

/// The right matrix [k, n], packed.
enum Right {
    F32(PackedF32),
    I8(PackedI8),
}

impl Right {
    fn pack(tensor: Tensor, transpose: bool) -> Result<Self, OpError> {
        match tensor.dtype() {
            DType::F32 => {
                let (k, n, tensor) = matrix::<f32>(tensor, transpose)?;
                Ok(Right::F32(PackedF32::new(k, n, tensor.as_slice()?)?))
            }
            DType::I8 => {
                let (k, n, tensor) = matrix::<i8>(tensor, transpose)?;
                Ok(Right::I8(PackedI8::new(k, n, tensor.as_slice()?)?))
            }
            other => Err(OpError::Unsupported(format!("matrices of {other} are not supported"))),
        }
    }
}

impl Right {
    fn end(&self) -> LayerEnd {
        match self {
            Right::F32(_) => LayerEnd::float(),
            Right::I8(right) => LayerEnd::integer(right.n(), right.limit()),
        }
    }
}

/// Rows, columns and row-major elements of a matrix, transposed if asked for.
fn matrix<T: Element>(tensor: Tensor, transpose: bool) -> Result<(usize, usize, Tensor), OpError> {
    let &[rows, columns] = tensor.shape() else {
        return Err(OpError::shape("a matrix", tensor.shape()));
    };
    if !transpose {
        return Ok((rows, columns, tensor));
    }
    Ok((columns, rows, Tensor::from_array(tensor.view::<T>()?.reversed_axes().to_owned())))
}

impl Operator for MatMul {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let left = inputs.value(0)?;
        let addend = self.end.addend(&mut inputs)?;
        match &self.right {
            Some(right) => self.multiply(left, right, addend, inputs.memory()),
            None => {
                let right = Right::pack(inputs.tensor(1)?, self.transpose_b)?;
                self.multiply(left, &right, addend, inputs.memory())
            }
        }
    }

    fn absorb(&mut self, next: &Following) -> bool {
        self.end.absorb(next)
    }

    fn depth(&self) -> usize {
        match &self.right {
            Some(Right::F32(right)) => right.k(),
            Some(Right::I8(right)) => right.k(),
            None => 0,
        }
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        !self.transpose_a && layer_per_image(inputs, batched)
    }
}

impl MatMul {
    fn multiply(
        &self,
        left: Value,
        right: &Right,
        addend: Option<Tensor>,
        memory: &Memory,
    ) -> Result<Vec<Value>, OpError> {
        let fits = |k: usize, found: usize, shape: &[usize]| {
            if k == found { Ok(()) } else { Err(OpError::shape(format!("a matrix with {k} columns"), shape)) }
        };
        let output = match (left, right) {
            (Value::Plain(left), Right::F32(right)) => {
                let (m, k, left) = matrix::<f32>(left, self.transpose_a)?;
                fits(right.k(), k, left.shape())?;
                let data = left.as_slice()?;
                let run =
                    |epilogue: Epilogue<'_>, output: &mut [f32]| gemm_f32(m, data, right, epilogue, output);
                self.end.run_float(vec![m, right.n()], addend, memory, run)?.into()
            }
            (Value::Quantized { q, zero_offset }, Right::I8(right)) => {
                let (m, k, q) = matrix::<i8>(q, self.transpose_a)?;
                fits(right.k(), k, q.shape())?;
                let data = q.as_slice()?;
                let run = |epilogue: &I32Epilogue, output: OutputSlice<'_>| {
                    gemm_i8(m, data, zero_offset, right, epilogue, output)
                };
                self.end.run_integer(vec![m, right.n()], right.limit(), addend, memory, run)?
            }
            (Value::Plain(_), Right::I8(_)) => return Err(mixed("int8 weights", "no AscendQuant")),
            (Value::Quantized { .. }, Right::F32(_)) => return Err(mixed("float weights", "an AscendQuant")),
        };
        Ok(vec![output])
    }
}
