//! `Transpose`.

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::normalized;
use crate::ops::support::strided::Strided;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    Ok(Box::new(Transpose))
}

struct Transpose;

impl Operator for Transpose {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        let order = inputs.integers(1)?;
        let rank = input.shape().len();
        let order = order.iter().map(|&axis| normalized(axis, rank)).collect::<Result<Vec<_>, _>>()?;
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..rank) {
            return Err(OpError::shape(format!("a permutation of its axes, not {order:?}"), input.shape()));
        }
        let output = input.moved(|tensor| match order.is_sorted() {
            true => Ok(tensor),
            false => Strided::of(tensor.shape()).permuted(&order).copied(&tensor),
        })?;
        Ok(vec![output])
    }
}
