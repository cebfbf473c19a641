//! `Split`, `SplitV` and `Unpack`: one tensor in several.

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::{normalized, size};
use crate::ops::support::strided::Strided;
use crate::{OpError, Value};
use amct_graph::op;

/// A node with more outputs than this is damaged, not real.
const MAX_PARTS: i64 = 1 << 16;

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    let sized = context.node().op == op::SPLIT_V;
    context.expect_inputs(if sized { 3 } else { 2 })?;
    let parts = parts(context, "num_split", 1)?;
    Ok(if sized { Box::new(SplitV { parts }) } else { Box::new(Split { parts }) })
}

pub(crate) fn build_unpack(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let parts = parts(context, "num", 0)?;
    Ok(Box::new(Unpack { parts, axis: context.attributes().int_or("axis", 0)? }))
}

fn parts(context: &BuildContext<'_>, attr: &str, least: i64) -> Result<usize, OpError> {
    let attrs = context.attributes();
    let count = attrs.int_or(attr, -1)?;
    usize::try_from(count)
        .ok()
        .filter(|_| (least..=MAX_PARTS).contains(&count))
        .ok_or_else(|| attrs.error(attr, format!("{least} to {MAX_PARTS}"), count.to_string()).into())
}

struct Split {
    parts: usize,
}

impl Operator for Split {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let axis = inputs.integer(0)?;
        let input = inputs.value(1)?;
        let axis = normalized(axis, input.shape().len())?;
        let extent = size(input.shape(), axis)?;
        if !extent.is_multiple_of(self.parts) {
            let expected = format!("axis {axis} to be a multiple of {}", self.parts);
            return Err(OpError::shape(expected, input.shape()));
        }
        split(input, axis, &vec![extent / self.parts; self.parts])
    }
}

struct SplitV {
    parts: usize,
}

impl Operator for SplitV {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        let wanted = inputs.integers(1)?;
        let axis = normalized(inputs.integer(2)?, input.shape().len())?;
        let extent = size(input.shape(), axis)?;
        let sizes = resolve(&wanted, extent).filter(|sizes| sizes.len() == self.parts).ok_or_else(|| {
            let expected = format!("axis {axis} to be {} parts of sizes {wanted:?}", self.parts);
            OpError::shape(expected, input.shape())
        })?;
        split(input, axis, &sizes)
    }
}

/// The sizes with their one -1 replaced so that they add up to `extent`.
fn resolve(wanted: &[i64], extent: usize) -> Option<Vec<usize>> {
    let known = wanted
        .iter()
        .filter(|&&size| size != -1)
        .try_fold(0_usize, |sum, &size| sum.checked_add(usize::try_from(size).ok()?))?;
    let rest = extent.checked_sub(known)?;
    match wanted.iter().filter(|&&size| size == -1).count() {
        0 if rest == 0 => {}
        1 => {}
        _ => return None,
    }
    wanted.iter().map(|&size| if size == -1 { Some(rest) } else { usize::try_from(size).ok() }).collect()
}

struct Unpack {
    parts: usize,
    axis: i64,
}

impl Operator for Unpack {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        let mut shape = input.shape().to_vec();
        let axis = normalized(self.axis, shape.len())?;
        if shape.remove(axis) != self.parts {
            let expected = format!("extent {} along axis {axis}", self.parts);
            return Err(OpError::shape(expected, input.shape()));
        }
        split(input, axis, &vec![1; self.parts])?
            .into_iter()
            .map(|part| part.moved(|tensor| Ok(tensor.reshaped(shape.as_slice())?)))
            .collect()
    }
}

/// Consecutive parts of these sizes, which add up to the extent of `axis`.
fn split(input: Value, axis: usize, sizes: &[usize]) -> Result<Vec<Value>, OpError> {
    let (tensor, offset) = input.into_parts();
    let mut start = 0;
    let part = |&size: &usize| {
        let view = Strided::of(tensor.shape()).sliced(axis, start, size, 1);
        start += size;
        let part = view.copied(&tensor)?;
        Ok(Value::from_parts(part, offset))
    };
    sizes.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use amct_tensor::Tensor;

    use super::*;

    #[test]
    fn one_size_may_be_left_open() {
        assert_eq!(resolve(&[2, -1, 1], 7), Some(vec![2, 4, 1]));
        assert_eq!(resolve(&[2, -1], 2), Some(vec![2, 0]));
        for wanted in [&[-1, -1][..], &[3, 5], &[8, -1], &[-2, 9], &[i64::MAX, i64::MAX, 9]] {
            assert_eq!(resolve(wanted, 7), None, "{wanted:?}");
        }
    }

    #[test]
    fn parts_of_a_quantized_activation_keep_its_zero() {
        let q = Tensor::from_vec([1, 4], vec![1_i8, 2, 3, 4]).unwrap();
        let parts = split(Value::Quantized { q, zero_offset: 7 }, 1, &[1, 3]).unwrap();
        let last = Tensor::from_vec([1, 3], vec![2_i8, 3, 4]).unwrap();
        assert_eq!(parts.get(1), Some(&Value::Quantized { q: last, zero_offset: 7 }));
    }
}
