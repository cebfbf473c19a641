//! `BatchMatMul`, `V2` and `V3`.

use amct_graph::op;
use amct_kernels::gemm::{PackedF32, PackedI8, gemm_f32, gemm_i8};
use amct_kernels::{Epilogue, I32Epilogue, OutputSlice};
use amct_tensor::{DType, Element, Tensor, checked_len};

use super::generic;
use super::kernel::LayerKernel;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

mod broadcast;

use broadcast::{broadcast, pairs};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let attrs = context.attributes();
    let kind = BatchMatMul {
        broadcasts: context.node().op != op::BATCH_MAT_MUL,
        adj_x: attrs.bool_or("adj_x", false)?,
        adj_y: attrs.bool_or("adj_y", false)?,
    };
    generic::build(context, kind)
}

struct BatchMatMul {
    /// Whether batch dimensions of 1 (or missing) repeat.
    broadcasts: bool,
    adj_x: bool,
    adj_y: bool,
}

/// The right matrices [k, n].
struct Right {
    batch: Vec<usize>,
    k: usize,
    n: usize,
}

/// The products of a run.
struct Products {
    batch: Vec<usize>,
    left_batch: Vec<usize>,
    right_batch: Vec<usize>,
    m: usize,
    k: usize,
    n: usize,
}

impl LayerKernel for BatchMatMul {
    type Dims = Right;
    /// One by one.
    type F32 = Vec<PackedF32>;
    type I8 = Vec<PackedI8>;
    type Shape = Products;

    const WEIGHTS: &'static str = "matrices";

    fn dims(&self, weights: &[usize]) -> Result<Right, OpError> {
        let (batch, [rows, columns]) = split(weights)?;
        let [k, n] = if self.adj_y { [columns, rows] } else { [rows, columns] };
        Ok(Right { batch: batch.to_vec(), k, n })
    }

    fn weights(&self, value: Value) -> Result<Tensor, OpError> {
        match value {
            Value::Plain(tensor) => Ok(tensor),
            Value::Quantized { q, zero_offset: 0 } => Ok(q),
            Value::Quantized { zero_offset, .. } => Err(OpError::Unsupported(format!(
                "its second input is quantized with offset {zero_offset}, but only offset 0 is supported there"
            ))),
        }
    }

    fn pack_f32(&self, right: &Right, weights: Tensor) -> Result<Vec<PackedF32>, OpError> {
        each(stack::<f32>(weights, self.adj_y)?.as_slice()?, right, PackedF32::new)
    }

    fn pack_i8(&self, right: &Right, weights: Tensor) -> Result<Vec<PackedI8>, OpError> {
        each(stack::<i8>(weights, self.adj_y)?.as_slice()?, right, PackedI8::new)
    }

    fn sums(right: &Right, weights: &Vec<PackedI8>) -> (usize, i64) {
        (right.n, weights.iter().map(PackedI8::limit).max().unwrap_or(0))
    }

    fn arrange<T: Element>(&self, left: Tensor) -> Result<Tensor, OpError> {
        stack::<T>(left, self.adj_x)
    }

    fn shape(&self, right: &Right, left: &[usize], _: &mut Inputs) -> Result<Products, OpError> {
        let (left_batch, [m, k]) = split(left)?;
        if k != right.k {
            return Err(OpError::shape(format!("matrices with {} columns", right.k), left));
        }
        let repeats = self.broadcasts || left_batch == right.batch;
        let batch = broadcast(left_batch, &right.batch).filter(|_| repeats).ok_or_else(|| {
            OpError::shape(format!("batch dimensions that go with {:?}", right.batch), left)
        })?;
        let (left_batch, right_batch) = (left_batch.to_vec(), right.batch.clone());
        Ok(Products { batch, left_batch, right_batch, m, k, n: right.n })
    }

    fn output(shape: &Products) -> Result<Vec<usize>, OpError> {
        Ok([shape.batch.as_slice(), &[shape.m, shape.n]].concat())
    }

    fn run_f32(
        left: &[f32],
        shape: &Products,
        right: &Vec<PackedF32>,
        epilogue: Epilogue<'_>,
        output: &mut [f32],
    ) -> Result<(), OpError> {
        shape.each(left, right, output, |m, a, b, c| Ok(gemm_f32(m, a, b, epilogue, c)?))
    }

    fn run_i8(
        (left, zero_offset): (&[i8], i32),
        shape: &Products,
        right: &Vec<PackedI8>,
        epilogue: &I32Epilogue,
        output: OutputSlice<'_>,
    ) -> Result<(), OpError> {
        let gemm = |m: usize, a: &[i8], b: &PackedI8, c: OutputSlice<'_>| {
            Ok(gemm_i8(m, a, zero_offset, b, epilogue, c)?)
        };
        match output {
            OutputSlice::I32(c) => {
                shape.each(left, right, c, |m, a, b, c| gemm(m, a, b, OutputSlice::I32(c)))
            }
            OutputSlice::F32(c) => {
                shape.each(left, right, c, |m, a, b, c| gemm(m, a, b, OutputSlice::F32(c)))
            }
            OutputSlice::I8(c) => shape.each(left, right, c, |m, a, b, c| gemm(m, a, b, OutputSlice::I8(c))),
        }
    }

    /// Matrices of the right side may be those of one image each.
    fn is_per_image(&self, _: &[Option<Value>], _: &[bool]) -> bool {
        false
    }

    fn depth(right: &Right) -> usize {
        right.k
    }
}

impl Products {
    /// Calls `gemm` for each product: rows, left and right matrix, and the place for the product.
    fn each<T, P, O>(
        &self,
        left: &[T],
        right: &[P],
        output: &mut [O],
        gemm: impl Fn(usize, &[T], &P, &mut [O]) -> Result<(), OpError>,
    ) -> Result<(), OpError> {
        let &Self { m, k, n, .. } = self;
        if let ([matrix], true) = (right, self.batch == self.left_batch) {
            // One right side for all: the rows of every left matrix form a single one.
            let rows = checked_len(&self.batch, DType::U8)?.saturating_mul(m);
            return gemm(rows, left, matrix, output);
        }
        let area = m.saturating_mul(n);
        if area == 0 {
            return Ok(());
        }
        let places = pairs(&self.batch, &self.left_batch, &self.right_batch);
        for ((from, index), output) in places.zip(output.chunks_exact_mut(area)) {
            let a = left.get(from * m * k..(from + 1) * m * k);
            let (Some(a), Some(b)) = (a, right.get(index).or(right.first())) else {
                return Err(OpError::shape(
                    format!("batch dimensions that make {:?}", self.batch),
                    &self.left_batch,
                ));
            };
            gemm(m, a, b, output)?;
        }
        Ok(())
    }
}

/// Packs every matrix of a stack; empty ones are all the same, and one stands for them.
fn each<T, P, E>(
    values: &[T],
    right: &Right,
    pack: impl Fn(usize, usize, &[T]) -> Result<P, E>,
) -> Result<Vec<P>, OpError>
where
    OpError: From<E>,
{
    let &Right { ref batch, k, n } = right;
    let count = if k.saturating_mul(n) == 0 { 1 } else { checked_len(batch, DType::U8)? };
    (0..count)
        .map(|index| Ok(pack(k, n, values.get(index * k * n..(index + 1) * k * n).unwrap_or_default())?))
        .collect()
}

/// Batch dimensions, rows and columns.
fn split(shape: &[usize]) -> Result<(&[usize], [usize; 2]), OpError> {
    match shape.split_last_chunk::<2>() {
        Some((batch, &matrix)) => Ok((batch, matrix)),
        None => Err(OpError::shape("a tensor of rank 2 or more", shape)),
    }
}

/// Row-major matrices, each transposed if asked for.
fn stack<T: Element>(tensor: Tensor, transpose: bool) -> Result<Tensor, OpError> {
    let (batch, _) = split(tensor.shape())?;
    if !transpose {
        return Ok(tensor);
    }
    let axis = batch.len();
    let mut view = tensor.view::<T>()?;
    view.swap_axes(axis, axis + 1);
    Ok(Tensor::from_array(view.to_owned()))
}
