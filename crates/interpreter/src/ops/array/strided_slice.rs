//! `StridedSlice`: Python's slicing, with steps, new axes and dropped ones.

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::strided::Strided;
use crate::{OpError, Value};

mod spec;

use spec::{Masks, Spec};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(4)?;
    let attrs = context.attributes();
    let mask = |name: &str| attrs.int_or(name, 0);
    Ok(Box::new(StridedSlice(Masks {
        begin: mask("begin_mask")?,
        end: mask("end_mask")?,
        ellipsis: mask("ellipsis_mask")?,
        new_axis: mask("new_axis_mask")?,
        shrink_axis: mask("shrink_axis_mask")?,
    })))
}

struct StridedSlice(Masks);

impl Operator for StridedSlice {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let (begin, end, strides) = (inputs.integers(1)?, inputs.integers(2)?, inputs.integers(3)?);
        let spec = Spec::new(input.shape(), &begin, &end, &strides, &self.0)?;
        let view = spec.ranges.iter().enumerate().fold(Strided::of(input.shape()), |view, (axis, range)| {
            view.sliced(axis, range.first as usize, range.count, range.step as isize)
        });
        Ok(vec![view.copied(&input)?.reshaped(spec.shape)?.into()])
    }
}
