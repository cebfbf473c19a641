//! `StridedSlice`: Python's slicing, with steps, new axes and dropped ones.

use amct_tensor::{Element, Tensor};
use ndarray::Axis;

use super::row_major::row_major;
use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

mod spec;

use spec::{Masks, Range, Spec};

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
        Ok(vec![dispatch!(any input.dtype(), T => sliced::<T>(&input, spec))?.into()])
    }
}

fn sliced<T: Element>(input: &Tensor, spec: Spec) -> Result<Tensor, OpError> {
    let mut view = input.view::<T>()?;
    for (axis, range) in spec.ranges.iter().enumerate() {
        view.slice_axis_inplace(Axis(axis), range.as_slice());
    }
    Ok(row_major(&view).reshaped(spec.shape)?)
}

impl Range {
    fn as_slice(&self) -> ndarray::Slice {
        let (first, count, step) = (self.first as isize, self.count as isize, self.step as isize);
        match count {
            0 => ndarray::Slice::from(0..0),
            1 => ndarray::Slice::from(first..first + 1),
            _ if step > 0 => ndarray::Slice::new(first, Some(first + (count - 1) * step + 1), step),
            // ndarray takes the range in ascending order and walks it from its end.
            _ => ndarray::Slice::new(first + (count - 1) * step, Some(first + 1), step),
        }
    }
}
