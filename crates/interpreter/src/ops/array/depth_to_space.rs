//! `SpaceToDepth` and `DepthToSpace`: blocks of an image to channels, and back.

use amct_graph::op;
use amct_tensor::{DataFormat, Tensor};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::strided::Strided;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let attrs = context.attributes();
    let name = attrs.string("data_format")?.unwrap_or("NHWC");
    let format =
        DataFormat::from_name(name).ok_or_else(|| attrs.error("data_format", "NHWC or NCHW", name))?;
    let size = attrs.int_or("block_size", 0)?;
    let block = usize::try_from(size)
        .ok()
        .filter(|&block| block >= 2)
        .ok_or_else(|| attrs.error("block_size", "2 or more", size.to_string()))?;
    Ok(Box::new(Rearrange { to_depth: context.node().op == op::SPACE_TO_DEPTH, format, block }))
}

struct Rearrange {
    to_depth: bool,
    format: DataFormat,
    block: usize,
}

impl Operator for Rearrange {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let output = inputs.value(0)?.moved(|tensor| self.rearranged(tensor.shape())?.apply(tensor))?;
        Ok(vec![output])
    }
}

/// A tensor seen with more dimensions, transposed, and with fewer again.
struct Rearranged {
    split: Vec<usize>,
    order: [usize; 6],
    joined: Vec<usize>,
}

impl Rearrange {
    fn rearranged(&self, shape: &[usize]) -> Result<Rearranged, OpError> {
        let &[n, a, b, c] = shape else {
            return Err(OpError::shape("an image of rank 4", shape));
        };
        let (h, w, d) = if self.format == DataFormat::Nhwc { (a, b, c) } else { (b, c, a) };
        let s = self.block;
        let divides = if self.to_depth {
            h.is_multiple_of(s) && w.is_multiple_of(s)
        } else {
            s.checked_mul(s).is_some_and(|area| d.is_multiple_of(area))
        };
        if !divides {
            return Err(OpError::shape(format!("dimensions that blocks of {s} divide"), shape));
        }
        // Of an empty tensor a dimension may be as large as its file likes.
        let deep = d.saturating_mul(s).saturating_mul(s);
        let (high, wide) = (h.saturating_mul(s), w.saturating_mul(s));
        // A block's own dimensions are the slower part of the channels in both layouts.
        let (split, order, joined) = match (self.to_depth, self.format) {
            (true, DataFormat::Nhwc) => {
                (vec![n, h / s, s, w / s, s, d], [0, 1, 3, 2, 4, 5], vec![n, h / s, w / s, deep])
            }
            (true, DataFormat::Nchw) => {
                (vec![n, d, h / s, s, w / s, s], [0, 3, 5, 1, 2, 4], vec![n, deep, h / s, w / s])
            }
            (false, DataFormat::Nhwc) => {
                let d = d / (s * s);
                (vec![n, h, w, s, s, d], [0, 1, 3, 2, 4, 5], vec![n, high, wide, d])
            }
            (false, DataFormat::Nchw) => {
                let d = d / (s * s);
                (vec![n, s, s, d, h, w], [0, 3, 4, 1, 5, 2], vec![n, d, high, wide])
            }
        };
        Ok(Rearranged { split, order, joined })
    }
}

impl Rearranged {
    fn apply(self, input: Tensor) -> Result<Tensor, OpError> {
        let split = input.reshaped(self.split)?;
        Ok(Strided::of(split.shape()).permuted(&self.order).copied(&split)?.reshaped(self.joined)?)
    }
}
