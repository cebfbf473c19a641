//! `Slice`: a box of a tensor.

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::strided::Strided;
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
        let view = ranges.iter().enumerate().fold(Strided::of(input.shape()), |view, (axis, range)| {
            view.sliced(axis, range.start, range.len(), 1)
        });
        Ok(vec![view.copied(&input)?.into()])
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
