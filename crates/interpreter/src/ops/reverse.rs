//! `ReverseV2`: some axes backwards.

use amct_tensor::{Element, Tensor};
use ndarray::Axis;

use super::axis::normalized;
use super::row_major::row_major;
use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    Ok(Box::new(Reverse))
}

struct Reverse;

impl Operator for Reverse {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let named = inputs.integers(1)?;
        let axes = named.iter().map(|&axis| normalized(axis, input.rank())).collect::<Result<Vec<_>, _>>()?;
        if axes.iter().enumerate().any(|(index, axis)| axes.iter().take(index).any(|other| other == axis)) {
            return Err(OpError::Unsupported(format!("an axis is named twice in {named:?}")));
        }
        Ok(vec![dispatch!(any input.dtype(), T => reversed::<T>(&input, &axes))?.into()])
    }
}

fn reversed<T: Element>(input: &Tensor, axes: &[usize]) -> Result<Tensor, OpError> {
    let mut view = input.view::<T>()?;
    for &axis in axes {
        view.invert_axis(Axis(axis));
    }
    Ok(row_major(&view))
}
