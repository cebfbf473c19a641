//! `ReverseV2`: some axes backwards.

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::{normalized, size};
use crate::ops::support::strided::Strided;
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
        let mut view = Strided::of(input.shape());
        for axis in axes {
            let extent = size(input.shape(), axis)?;
            view = view.sliced(axis, extent.saturating_sub(1), extent, -1);
        }
        Ok(vec![view.copied(&input)?.into()])
    }
}
