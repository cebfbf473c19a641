//! `Tile`: a tensor repeated along each dimension.

use amct_tensor::{Element, Tensor, checked_len};

use super::axis::extents;
use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    Ok(Box::new(Tile))
}

struct Tile;

impl Operator for Tile {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let multiples = extents("multiple", &inputs.integers(1)?)?;
        if multiples.len() != input.rank() {
            return Err(OpError::shape(format!("one multiple per dimension, {multiples:?}"), input.shape()));
        }
        Ok(vec![dispatch!(any input.dtype(), T => tiled::<T>(&input, &multiples))?.into()])
    }
}

/// Repeats along the last dimension first: what an outer one repeats is then contiguous.
fn tiled<T: Element + Copy>(input: &Tensor, multiples: &[usize]) -> Result<Tensor, OpError> {
    let extents = input.shape().iter().zip(multiples);
    let shape: Vec<usize> = extents.clone().map(|(dim, &multiple)| dim.saturating_mul(multiple)).collect();
    if checked_len(&shape, T::DTYPE)? == 0 {
        return Ok(Tensor::from_vec(shape, Vec::<T>::new())?);
    }
    let mut data = input.as_slice::<T>()?.to_vec();
    let mut block = 1;
    for (&dim, &multiple) in extents.rev() {
        block *= dim;
        if multiple > 1 {
            data = data.chunks(block).flat_map(|chunk| chunk.repeat(multiple)).collect();
        }
        block *= multiple;
    }
    Ok(Tensor::from_vec(shape, data)?)
}
