//! `Slice`: a box of a tensor.

use amct_tensor::{Element, Tensor};

use super::row_major::row_major;
use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(3)?;
    Ok(Box::new(Slice))
}

struct Slice;

impl Operator for Slice {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let (begins, sizes) = (inputs.integers(1)?, inputs.integers(2)?);
        let ranges = ranges(input.shape(), &begins, &sizes).ok_or_else(|| {
            OpError::shape(
                format!("an input that has the box at {begins:?} of sizes {sizes:?}"),
                input.shape(),
            )
        })?;
        Ok(vec![dispatch!(any input.dtype(), T => sliced::<T>(&input, &ranges))?.into()])
    }
}

/// The positions along each dimension; a size of -1 means all that follow.
fn ranges(shape: &[usize], begins: &[i64], sizes: &[i64]) -> Option<Vec<std::ops::Range<usize>>> {
    if begins.len() != shape.len() || sizes.len() != shape.len() {
        return None;
    }
    let range = |((&dim, &begin), &size): ((&usize, &i64), &i64)| {
        let begin = usize::try_from(begin).ok().filter(|&begin| begin <= dim)?;
        let size = if size == -1 { dim - begin } else { usize::try_from(size).ok()? };
        (size <= dim - begin).then(|| begin..begin + size)
    };
    shape.iter().zip(begins).zip(sizes).map(range).collect()
}

fn sliced<T: Element>(input: &Tensor, ranges: &[std::ops::Range<usize>]) -> Result<Tensor, OpError> {
    let mut view = input.view::<T>()?;
    for (axis, range) in ranges.iter().enumerate() {
        view.slice_axis_inplace(ndarray::Axis(axis), range.clone().into());
    }
    Ok(row_major(&view))
}
