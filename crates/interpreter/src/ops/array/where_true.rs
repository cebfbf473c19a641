//! `Where` with one input: the positions of what is not zero.

use amct_tensor::{DType, Tensor};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::elementwise::cast::cast;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    Ok(Box::new(Where))
}

struct Where;

impl Operator for Where {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        if input.rank() == 0 {
            return Err(OpError::shape("an input of rank 1 or more", input.shape()));
        }
        Ok(vec![positions(&cast(input, DType::Bool)?)?.into()])
    }
}

/// One row of int64 positions per element that is true, in row-major order.
fn positions(input: &Tensor) -> Result<Tensor, OpError> {
    let mut rows = Vec::new();
    let mut count = 0;
    for (flat, _) in input.as_slice::<bool>()?.iter().enumerate().filter(|(_, value)| **value) {
        let start = rows.len();
        let mut rest = flat;
        for &dim in input.shape().iter().rev() {
            // A position is inside a tensor, which is limited to 2 GiB.
            rows.push((rest % dim) as i64);
            rest /= dim;
        }
        rows.get_mut(start..).unwrap_or_default().reverse();
        count += 1;
    }
    Ok(Tensor::from_vec([count, input.rank()], rows)?)
}
