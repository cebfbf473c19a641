//! `ArgMax` and `ArgMin`: where the extreme value along an axis is first found.

use amct_graph::op;
use amct_tensor::{DType, Element, Tensor};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::{blocks, normalized};
use crate::ops::support::half::or_half;
use crate::ops::support::number::with_number;
use crate::ops::support::wide::widened;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let attrs = context.attributes();
    let output = match attrs.dtype("output_type")? {
        None => DType::I64,
        Some(integer @ (DType::I32 | DType::I64)) => integer,
        Some(other) => return Err(attrs.error("output_type", "int32 or int64", other.name()).into()),
    };
    Ok(or_half(Extreme { smallest: context.node().op == op::ARG_MIN, output }, context))
}

struct Extreme {
    smallest: bool,
    output: DType,
}

impl Operator for Extreme {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let axis = inputs.tensor(1)?;
        let &[axis] = axis.to_i64_vec()?.as_slice() else {
            return Err(OpError::shape("one axis", axis.shape()));
        };
        let axis = normalized(axis, input.rank())?;
        let input = widened(input)?;
        let found = match input.dtype() {
            DType::Bool => self.find::<bool>(&input, axis)?,
            number => with_number!(number, T => self.find::<T>(&input, axis))?,
        };
        let dims = input.shape().iter().enumerate();
        let shape: Vec<usize> = dims.filter(|&(index, _)| index != axis).map(|(_, &dim)| dim).collect();
        // An index into a tensor fits: its bytes are limited to 2 GiB.
        let output = match self.output {
            DType::I32 => Tensor::from_vec(shape, found.into_iter().map(|index| index as i32).collect())?,
            _ => Tensor::from_vec(shape, found.into_iter().map(|index| index as i64).collect())?,
        };
        Ok(vec![output.into()])
    }
}

impl Extreme {
    fn find<T: Element + Copy + PartialOrd>(
        &self,
        input: &Tensor,
        axis: usize,
    ) -> Result<Vec<usize>, OpError> {
        let (_, extent, inner) = blocks(input.shape(), axis);
        if extent == 0 {
            return Err(OpError::shape(format!("a dimension {axis} with elements"), input.shape()));
        }
        let data = input.as_slice::<T>()?;
        let mut found = Vec::with_capacity(data.len() / extent);
        if inner == 0 {
            return Ok(found);
        }
        let better = |a: &T, b: &T| if self.smallest { a < b } else { a > b };
        for block in data.chunks_exact(extent * inner) {
            for column in 0..inner {
                let values = block.iter().skip(column).step_by(inner).enumerate();
                // A NaN is never better, nor does it stand in the way of one that follows.
                let numbers = values.filter(|&(_, x)| x.partial_cmp(x).is_some());
                let best = numbers.reduce(|best, next| if better(next.1, best.1) { next } else { best });
                found.push(best.map_or(0, |(index, _)| index));
            }
        }
        Ok(found)
    }
}
