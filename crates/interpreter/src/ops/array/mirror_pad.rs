//! `MirrorPad`: the edges reflected, with (`SYMMETRIC`) or without (`REFLECT`) the edge itself.

use amct_tensor::{Tensor, checked_len};

use super::gather::rows;
use super::pad::pairs;
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
        Ok(vec![mirrored(input, &pads, self.skip)?.into()])
    }
}

fn mirrored(input: Tensor, pads: &[(usize, usize)], skip: usize) -> Result<Tensor, OpError> {
    let dims = input.shape().to_vec();
    // No padding is larger than its dimension, so the sums fit.
    let shape: Vec<usize> =
        dims.iter().zip(pads).map(|(&dim, &(before, after))| dim + before + after).collect();
    checked_len(&shape, input.dtype())?;
    let mut output = input;
    for (axis, (&dim, &(before, after))) in dims.iter().zip(pads).enumerate() {
        if before + after > 0 {
            let left = (0..before).map(|i| before - 1 - i + skip);
            let right = (0..after).map(|i| dim - 1 - skip - i);
            let sources: Vec<usize> = left.chain(0..dim).chain(right).collect();
            output = rows(&output, axis, &sources)?;
        }
    }
    Ok(output)
}
