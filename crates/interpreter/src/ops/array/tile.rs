//! `Tile`: a tensor repeated along each dimension.

use amct_tensor::checked_len;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::extents;
use crate::ops::support::strided::Strided;
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
        let dims = input.shape().iter().zip(&multiples);
        let shape: Vec<usize> = dims.map(|(dim, &multiple)| dim.saturating_mul(multiple)).collect();
        checked_len(&shape, input.dtype())?;
        let view = Strided::of(input.shape()).repeated(&multiples);
        Ok(vec![view.copied(&input)?.reshaped(shape)?.into()])
    }
}
