//! `MatMul`: how its right matrix is packed and multiplied.

use amct_kernels::gemm::{PackedF32, PackedI8, gemm_f32, gemm_i8};
use amct_kernels::{Epilogue, I32Epilogue, OutputSlice};
use amct_tensor::{Element, Tensor};

use super::generic;
use super::kernel::LayerKernel;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::per_image::layer_per_image;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let attrs = context.attributes();
    let kind = MatMul {
        transpose_a: attrs.bool_or("transpose_a", false)?,
        transpose_b: attrs.bool_or("transpose_b", false)?,
    };
    generic::build(context, kind)
}

struct MatMul {
    transpose_a: bool,
    transpose_b: bool,
}

/// A matrix in row-major order, transposed if asked for.
fn matrix<T: Element>(tensor: Tensor, transpose: bool) -> Result<Tensor, OpError> {
    if tensor.rank() != 2 {
        return Err(OpError::shape("a matrix", tensor.shape()));
    }
    if !transpose {
        return Ok(tensor);
    }
    Ok(Tensor::from_array(tensor.view::<T>()?.reversed_axes().to_owned()))
}

impl LayerKernel for MatMul {
    /// Rows and columns of the right matrix.
    type Dims = [usize; 2];
    type F32 = PackedF32;
    type I8 = PackedI8;
    /// Rows and columns of the output.
    type Shape = [usize; 2];

    const WEIGHTS: &'static str = "matrices";

    fn dims(&self, weights: &[usize]) -> Result<[usize; 2], OpError> {
        match *weights {
            [rows, columns] => Ok(if self.transpose_b { [columns, rows] } else { [rows, columns] }),
            _ => Err(OpError::shape("a matrix", weights)),
        }
    }

    fn pack_f32(&self, &[k, n]: &[usize; 2], weights: Tensor) -> Result<PackedF32, OpError> {
        Ok(PackedF32::new(k, n, matrix::<f32>(weights, self.transpose_b)?.as_slice()?)?)
    }

    fn pack_i8(&self, &[k, n]: &[usize; 2], weights: Tensor) -> Result<PackedI8, OpError> {
        Ok(PackedI8::new(k, n, matrix::<i8>(weights, self.transpose_b)?.as_slice()?)?)
    }

    fn sums(_: &[usize; 2], weights: &PackedI8) -> (usize, i64) {
        (weights.n(), weights.limit())
    }

    fn arrange<T: Element>(&self, left: Tensor) -> Result<Tensor, OpError> {
        matrix::<T>(left, self.transpose_a)
    }

    fn shape(&self, &[k, n]: &[usize; 2], left: &[usize], _: &mut Inputs) -> Result<[usize; 2], OpError> {
        match *left {
            [m, columns] if columns == k => Ok([m, n]),
            _ => Err(OpError::shape(format!("a matrix with {k} columns"), left)),
        }
    }

    fn output(shape: &[usize; 2]) -> Result<Vec<usize>, OpError> {
        Ok(shape.to_vec())
    }

    fn run_f32(
        left: &[f32],
        &[m, _]: &[usize; 2],
        right: &PackedF32,
        epilogue: Epilogue<'_>,
        output: &mut [f32],
    ) -> Result<(), OpError> {
        Ok(gemm_f32(m, left, right, epilogue, output)?)
    }

    fn run_i8(
        (left, zero_offset): (&[i8], i32),
        &[m, _]: &[usize; 2],
        right: &PackedI8,
        epilogue: &I32Epilogue,
        output: OutputSlice<'_>,
    ) -> Result<(), OpError> {
        Ok(gemm_i8(m, left, zero_offset, right, epilogue, output)?)
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        !self.transpose_a && layer_per_image(inputs, batched)
    }

    fn depth(&[k, _]: &[usize; 2]) -> usize {
        k
    }
}
