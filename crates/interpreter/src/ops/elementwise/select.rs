//! `Select` and `SelectV2`: of each pair of elements the one that a condition names.

use amct_graph::op;
use amct_tensor::Tensor;

use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::strided::Strided;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(3)?;
    Ok(Box::new(Select { broadcasts: context.node().op == op::SELECT_V2 }))
}

struct Select {
    broadcasts: bool,
}

impl Operator for Select {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let (condition, then, other) = (inputs.tensor(0)?, inputs.tensor(1)?, inputs.tensor(2)?);
        let condition = if self.broadcasts { condition } else { aligned(condition, &then, &other)? };
        Ok(vec![selected(&condition, &then, &other)?.into()])
    }
}

/// `Select` takes a condition of the operands' shape, a scalar, or a vector that picks whole rows.
fn aligned(condition: Tensor, then: &Tensor, other: &Tensor) -> Result<Tensor, OpError> {
    if then.shape() != other.shape() {
        return Err(OpError::shape(format!("operands of one shape, {:?}", then.shape()), other.shape()));
    }
    if condition.rank() == 0 || condition.shape() == then.shape() {
        return Ok(condition);
    }
    if condition.rank() == 1 && condition.shape().first() == then.shape().first() {
        let mut shape = vec![1; then.rank()];
        if let Some(rows) = shape.first_mut() {
            *rows = condition.len();
        }
        return Ok(condition.reshaped(shape)?);
    }
    let expected = format!("a condition for operands of shape {:?}", then.shape());
    Err(OpError::shape(expected, condition.shape()))
}

fn selected(condition: &Tensor, then: &Tensor, other: &Tensor) -> Result<Tensor, OpError> {
    let shape = common_shape([condition.shape(), then.shape(), other.shape()])?;
    let stretched = |tensor: &Tensor| match tensor.shape() == shape {
        true => Ok(tensor.clone()),
        false => Strided::of(tensor.shape())
            .broadcast(&shape)
            .ok_or_else(|| OpError::shape("operands that broadcast", &shape))?
            .copied(tensor),
    };
    let (condition, then, other) = (stretched(condition)?, stretched(then)?, stretched(other)?);
    dispatch!(any then.dtype(), T => {
        let pairs = then.as_slice::<T>()?.iter().zip(other.as_slice::<T>()?);
        let choices = condition.as_slice::<bool>()?.iter().zip(pairs);
        let chosen = choices.map(|(&condition, (&then, &other))| if condition { then } else { other });
        Ok(Tensor::from_vec(shape, chosen.collect::<Vec<T>>())?)
    })
}

/// The shape that all three broadcast to.
fn common_shape(shapes: [&[usize]; 3]) -> Result<Vec<usize>, OpError> {
    let rank = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let mut common = vec![1; rank];
    for shape in shapes {
        for (wide, &dim) in common.iter_mut().rev().zip(shape.iter().rev()) {
            if *wide == 1 {
                *wide = dim;
            } else if dim != 1 && dim != *wide {
                return Err(OpError::shape("operands that broadcast", shape));
            }
        }
    }
    Ok(common)
}
