//! `BatchMatMul`, `V2` and `V3`, in float and in int8.

use amct_kernels::gemm::{PackedF32, PackedI8, gemm_f32, gemm_i8};
use amct_kernels::{I32Epilogue, OutputSlice};
use amct_tensor::{DType, Element, Tensor, checked_len};

use super::conv2d::mixed;
use super::layer_end::FloatEnd;
use crate::operator::{BuildContext, Following, Inputs, Operator};
use crate::{OpError, Value};

mod broadcast;

use broadcast::{broadcast, pairs};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let attrs = context.attributes();
    let adj_y = attrs.bool_or("adj_y", false)?;
    let right = context.take_constant(1).map(|right| Right::pack(right.into(), adj_y)).transpose()?;
    Ok(Box::new(BatchMatMul {
        broadcasts: context.node().op != "BatchMatMul",
        adj_x: attrs.bool_or("adj_x", false)?,
        adj_y,
        right,
        end: FloatEnd::default(),
    }))
}

struct BatchMatMul {
    /// Whether batch dimensions of 1 (or missing) repeat.
    broadcasts: bool,
    adj_x: bool,
    adj_y: bool,
    /// Packed once if it is constant.
    right: Option<Right>,
    end: FloatEnd,
}

/// The right matrices [k, n], packed one by one.
struct Right {
    batch: Vec<usize>,
    k: usize,
    n: usize,
    matrices: Matrices,
}

enum Matrices {
    F32(Vec<PackedF32>),
    I8(Vec<PackedI8>),
}

impl Right {
    fn pack(value: Value, transpose: bool) -> Result<Self, OpError> {
        let tensor = match value {
            Value::Plain(tensor) => tensor,
            Value::Quantized { q, zero_offset: 0 } => q,
            Value::Quantized { zero_offset, .. } => {
                return Err(OpError::Unsupported(format!(
                    "its second input is quantized with offset {zero_offset}, but only offset 0 is supported there"
                )));
            }
        };
        let dtype = tensor.dtype();
        let (batch, [k, n], matrices) = match dtype {
            DType::F32 => {
                let (batch, size, tensor) = stack::<f32>(tensor, transpose)?;
                let packed = each(tensor.as_slice::<f32>()?, &batch, size, PackedF32::new)?;
                (batch, size, Matrices::F32(packed))
            }
            DType::I8 => {
                let (batch, size, tensor) = stack::<i8>(tensor, transpose)?;
                let packed = each(tensor.as_slice::<i8>()?, &batch, size, PackedI8::new)?;
                (batch, size, Matrices::I8(packed))
            }
            other => return Err(OpError::Unsupported(format!("matrices of {other} are not supported"))),
        };
        Ok(Self { batch, k, n, matrices })
    }
}

/// Packs every matrix of a stack; empty ones are all the same, and one stands for them.
fn each<T, P, E>(
    values: &[T],
    batch: &[usize],
    [k, n]: [usize; 2],
    pack: impl Fn(usize, usize, &[T]) -> Result<P, E>,
) -> Result<Vec<P>, OpError>
where
    OpError: From<E>,
{
    let count = if k.saturating_mul(n) == 0 { 1 } else { checked_len(batch, DType::U8)? };
    (0..count)
        .map(|index| Ok(pack(k, n, values.get(index * k * n..(index + 1) * k * n).unwrap_or_default())?))
        .collect()
}

/// Batch dimensions, rows and columns, and row-major matrices, each transposed if asked for.
fn stack<T: Element>(tensor: Tensor, transpose: bool) -> Result<(Vec<usize>, [usize; 2], Tensor), OpError> {
    let Some((batch, &[rows, columns])) = tensor.shape().split_last_chunk::<2>() else {
        return Err(OpError::shape("a tensor of rank 2 or more", tensor.shape()));
    };
    let batch = batch.to_vec();
    if !transpose {
        return Ok((batch, [rows, columns], tensor));
    }
    let mut view = tensor.view::<T>()?;
    view.swap_axes(batch.len(), batch.len() + 1);
    let transposed = Tensor::from_array(view.to_owned());
    Ok((batch, [columns, rows], transposed))
}

impl Operator for BatchMatMul {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let left = inputs.value(0)?;
        match &self.right {
            Some(right) => self.multiply(left, right),
            None => self.multiply(left, &Right::pack(inputs.value(1)?, self.adj_y)?),
        }
    }

    fn absorb(&mut self, next: &Following) -> bool {
        matches!(self.right, Some(Right { matrices: Matrices::F32(_), .. }))
            && *next != Following::Add
            && self.end.absorb(next)
    }
}

impl BatchMatMul {
    fn multiply(&self, left: Value, right: &Right) -> Result<Vec<Value>, OpError> {
        let output = match (left, &right.matrices) {
            (Value::Plain(left), Matrices::F32(matrices)) => {
                let epilogue = self.end.epilogue(false);
                self.products(left, right, matrices, |m, a, b, c| gemm_f32(m, a, b, epilogue, c))?
            }
            (Value::Quantized { q, zero_offset }, Matrices::I8(matrices)) => {
                self.products(q, right, matrices, |m, a, b, c| {
                    let sums = I32Epilogue::new(b.n(), b.limit());
                    gemm_i8(m, a, zero_offset, b, &sums, OutputSlice::I32(c))
                })?
            }
            (Value::Plain(_), Matrices::I8(_)) => return Err(mixed("int8 weights", "no AscendQuant")),
            (Value::Quantized { .. }, Matrices::F32(_)) => {
                return Err(mixed("float weights", "an AscendQuant"));
            }
        };
        Ok(vec![output.into()])
    }

    fn products<T: Element, P, O: Element + Copy>(
        &self,
        left: Tensor,
        right: &Right,
        matrices: &[P],
        gemm: impl Fn(usize, &[T], &P, &mut [O]) -> Result<(), amct_kernels::KernelError>,
    ) -> Result<Tensor, OpError> {
        let (left_batch, [m, k], left) = stack::<T>(left, self.adj_x)?;
        if k != right.k {
            return Err(OpError::shape(format!("matrices with {} columns", right.k), left.shape()));
        }
        let batch =
            broadcast(&left_batch, &right.batch).filter(|_| self.broadcasts || left_batch == right.batch);
        let batch = batch.ok_or_else(|| {
            OpError::shape(format!("batch dimensions that go with {:?}", right.batch), left.shape())
        })?;
        let mut shape = batch.clone();
        shape.extend([m, right.n]);
        let mut output = vec![O::default(); checked_len(&shape, O::DTYPE)?];
        let values = left.as_slice::<T>()?;
        if let ([matrix], true) = (matrices, batch == left_batch) {
            // One right side for all: the rows of every left matrix form a single one.
            let rows = checked_len(&batch, DType::U8)?.saturating_mul(m);
            gemm(rows, values, matrix, &mut output)?;
            return Ok(Tensor::from_vec(shape, output)?);
        }
        let area = m.saturating_mul(right.n);
        if area > 0 {
            let places = pairs(&batch, &left_batch, &right.batch);
            for ((from, index), output) in places.zip(output.chunks_exact_mut(area)) {
                let a = values.get(from * m * k..(from + 1) * m * k);
                if let (Some(a), Some(b)) = (a, matrices.get(index).or(matrices.first())) {
                    gemm(m, a, b, output)?;
                }
            }
        }
        Ok(Tensor::from_vec(shape, output)?)
    }
}
