//! `MatMul`, in float and in int8.

use amct_kernels::gemm::{PackedF32, PackedI8, gemm_f32, gemm_i8};
use amct_kernels::{Activation, Epilogue};
use amct_tensor::{DType, Element, Tensor};

use super::conv2d::{absorb_epilogue, mixed};
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
        right,
        bias: None,
        activation: Activation::None,
    }))
}

struct MatMul {
    transpose_a: bool,
    transpose_b: bool,
    right: Option<Right>,
    bias: Option<Vec<f32>>,
    activation: Activation,
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
        match &self.right {
            Some(right) => self.multiply(left, right),
            None => self.multiply(left, &Right::pack(inputs.tensor(1)?, self.transpose_b)?),
        }
    }

    fn absorb(&mut self, next: &Following) -> bool {
        matches!(self.right, Some(Right::F32(_)))
            && absorb_epilogue(&mut self.bias, &mut self.activation, next)
    }
}

impl MatMul {
    fn multiply(&self, left: Value, right: &Right) -> Result<Vec<Value>, OpError> {
        let fits = |k: usize, found: usize, shape: &[usize]| {
            if k == found { Ok(()) } else { Err(OpError::shape(format!("a matrix with {k} columns"), shape)) }
        };
        let output = match (left, right) {
            (Value::Plain(left), Right::F32(right)) => {
                let (m, k, left) = matrix::<f32>(left, self.transpose_a)?;
                fits(right.k(), k, left.shape())?;
                let mut output = vec![0.0; m * right.n()];
                let epilogue = Epilogue { bias: self.bias.as_deref(), activation: self.activation };
                gemm_f32(m, left.as_slice()?, right, epilogue, &mut output)?;
                Tensor::from_vec([m, right.n()], output)?
            }
            (Value::Quantized { q, zero_offset }, Right::I8(right)) => {
                let (m, k, q) = matrix::<i8>(q, self.transpose_a)?;
                fits(right.k(), k, q.shape())?;
                let mut output = vec![0_i32; m * right.n()];
                gemm_i8(m, q.as_slice()?, zero_offset, right, &mut output)?;
                Tensor::from_vec([m, right.n()], output)?
            }
            (Value::Plain(_), Right::I8(_)) => return Err(mixed("int8 weights", "no AscendQuant")),
            (Value::Quantized { .. }, Right::F32(_)) => return Err(mixed("float weights", "an AscendQuant")),
        };
        Ok(vec![output.into()])
    }
}
