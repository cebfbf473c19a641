//! `Gather` and `GatherV2`: rows by their position along one axis.

use amct_graph::op;
use amct_tensor::{Element, Tensor, checked_len, internal};

use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::{blocks, normalized, position, product, resized, size};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    let has_axis = context.node().op == op::GATHER_V2;
    context.expect_inputs(if has_axis { 3 } else { 2 })?;
    Ok(Box::new(Gather { has_axis, batch_dims: context.attributes().int_or("batch_dims", 0)? }))
}

struct Gather {
    has_axis: bool,
    /// Leading dimensions that indices and input share; negative from the end of the indices.
    batch_dims: i64,
}

impl Operator for Gather {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let indices = inputs.tensor(1)?;
        let axis = if self.has_axis { inputs.integer(2)? } else { 0 };
        let axis = normalized(axis, input.rank())?;
        let batch_dims = normalized(self.batch_dims, indices.rank() + 1)
            .ok()
            .map(|dims| if self.batch_dims < 0 { dims.saturating_sub(1) } else { dims })
            .filter(|&dims| dims <= axis && indices.shape().get(..dims) == input.shape().get(..dims))
            .ok_or_else(|| {
                let shared = format!("indices that share {} dimensions with the input", self.batch_dims);
                OpError::shape(shared, indices.shape())
            })?;
        let shape: Vec<usize> = input
            .shape()
            .iter()
            .take(axis)
            .copied()
            .chain(indices.shape().iter().skip(batch_dims).copied())
            .chain(input.shape().iter().skip(axis + 1).copied())
            .collect();
        let extent = size(input.shape(), axis)?;
        let rows = indices.to_i64_vec()?.into_iter().map(|index| position(index, extent));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let batches = product(indices.shape().get(..batch_dims).unwrap_or_default());
        Ok(vec![
            dispatch!(any input.dtype(), T => gathered::<T>(&input, axis, &rows, batches, shape))?.into(),
        ])
    }
}

/// The rows of `input` at these positions along `axis`, which it must have.
pub(in crate::ops) fn rows(input: &Tensor, axis: usize, rows: &[usize]) -> Result<Tensor, OpError> {
    let shape = resized(input.shape(), axis, rows.len())?;
    dispatch!(any input.dtype(), T => gathered::<T>(input, axis, rows, 1, shape))
}

/// `rows` are the positions along `axis`, those of each of the `batches` one after the other.
fn gathered<T: Element>(
    input: &Tensor,
    axis: usize,
    rows: &[usize],
    batches: usize,
    shape: Vec<usize>,
) -> Result<Tensor, OpError> {
    let len = checked_len(&shape, T::DTYPE)?;
    let (before, along, after) = blocks(input.shape(), axis);
    let data = input.as_slice::<T>()?;
    let mut output = Vec::with_capacity(len);
    if len > 0 {
        let per_batch = rows.len() / batches;
        for block in 0..before {
            let batch = block * batches / before;
            for row in rows.iter().skip(batch * per_batch).take(per_batch) {
                let start = (block * along + row) * after;
                let row = data.get(start..start + after);
                output
                    .extend_from_slice(row.ok_or_else(|| internal!("no row at {start} of {}", data.len()))?);
            }
        }
    }
    Ok(Tensor::from_vec(shape, output)?)
}
