//! `MirrorPad`: the edges reflected, with (`SYMMETRIC`) or without (`REFLECT`) the edge itself.

use amct_tensor::{Element, Tensor, checked_len};
use ndarray::Axis;

use super::pad::pairs;
use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let attrs = context.attributes();
    match attrs.string("mode")? {
        Some("REFLECT") => Ok(Box::new(MirrorPad { skip: 1 })),
        Some("SYMMETRIC") => Ok(Box::new(MirrorPad { skip: 0 })),
        other => Err(attrs.error("mode", "REFLECT or SYMMETRIC", other.unwrap_or("missing")).into()),
    }
}

struct MirrorPad {
    /// Elements at the edge that are not repeated.
    skip: usize,
}

impl Operator for MirrorPad {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let pads = pairs(&inputs.tensor(1)?, input.rank())?;
        for (&dim, &(before, after)) in input.shape().iter().zip(&pads) {
            if before.max(after) > dim.saturating_sub(self.skip) {
                let expected = format!("paddings {pads:?} no larger than what they mirror");
                return Err(OpError::shape(expected, input.shape()));
            }
        }
        Ok(vec![dispatch!(any input.dtype(), T => mirrored::<T>(&input, &pads, self.skip))?.into()])
    }
}

fn mirrored<T: Element>(input: &Tensor, pads: &[(usize, usize)], skip: usize) -> Result<Tensor, OpError> {
    let extents = input.shape().iter().zip(pads);
    // No padding is larger than its dimension, so the sums fit.
    let shape: Vec<usize> = extents.map(|(&dim, &(before, after))| dim + before + after).collect();
    checked_len(&shape, T::DTYPE)?;
    let mut output = input.view::<T>()?.to_owned();
    for (axis, (&dim, &(before, after))) in input.shape().iter().zip(pads).enumerate() {
        if before + after > 0 {
            let left = (0..before).map(|i| before - 1 - i + skip);
            let right = (0..after).map(|i| dim - 1 - skip - i);
            let sources: Vec<usize> = left.chain(0..dim).chain(right).collect();
            output = output.select(Axis(axis), &sources);
        }
    }
    Ok(Tensor::from_array(output))
}
