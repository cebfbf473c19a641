//! `Squeeze`: drops dimensions of 1.

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::normalized;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let attrs = context.attributes();
    let dims = match attrs.ints("squeeze_dims")? {
        [] => attrs.ints("axis")?,
        dims => dims,
    };
    Ok(Box::new(Squeeze { dims: dims.to_vec() }))
}

struct Squeeze {
    /// The axes to drop; all of extent 1 if empty.
    dims: Vec<i64>,
}

impl Operator for Squeeze {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        let rank = input.shape().len();
        let axes = self.dims.iter().map(|&axis| normalized(axis, rank)).collect::<Result<Vec<_>, _>>()?;
        let wide = |&axis: &usize| input.shape().get(axis) != Some(&1);
        if axes.iter().any(wide) {
            return Err(OpError::shape(format!("extent 1 along axes {axes:?}"), input.shape()));
        }
        let dropped = |axis: usize, dim: usize| if axes.is_empty() { dim == 1 } else { axes.contains(&axis) };
        let shape: Vec<usize> = input
            .shape()
            .iter()
            .enumerate()
            .filter(|&(axis, &dim)| !dropped(axis, dim))
            .map(|(_, &dim)| dim)
            .collect();
        Ok(vec![input.moved(|tensor| Ok(tensor.reshaped(shape)?))?])
    }

    fn is_per_image(&self, inputs: &[Option<Value>], _batched: &[bool]) -> bool {
        let rank = inputs.iter().flatten().map(|input| input.shape().len()).max().unwrap_or(0);
        let keeps_first = |&axis: &i64| normalized(axis, rank).is_ok_and(|axis| axis > 0);
        !self.dims.is_empty() && self.dims.iter().all(keeps_first)
    }
}
