//! What the masks and bounds of a `StridedSlice` come to for an input's shape.

use crate::OpError;

/// The five masks; bit i is about entry i of begin, end and strides. Of an entry with several
/// bits, `ellipsis` goes before `new_axis` before `shrink_axis`.
pub(super) struct Masks {
    pub(super) begin: i64,
    pub(super) end: i64,
    pub(super) ellipsis: i64,
    pub(super) new_axis: i64,
    pub(super) shrink_axis: i64,
}

/// The positions taken from one dimension: `count` from `first` on, `step` apart.
#[derive(Debug, PartialEq)]
pub(super) struct Range {
    pub(super) first: i64,
    pub(super) count: usize,
    pub(super) step: i64,
}

/// A slice resolved against a shape.
#[derive(Debug, PartialEq)]
pub(super) struct Spec {
    /// One for each dimension of the input.
    pub(super) ranges: Vec<Range>,
    /// The shape of the output.
    pub(super) shape: Vec<usize>,
}

/// The masks are 32 bits wide.
const MAX_ENTRIES: usize = 32;

fn has(mask: i64, entry: usize) -> bool {
    mask >> entry & 1 == 1
}

impl Spec {
    pub(super) fn new(
        input: &[usize],
        begin: &[i64],
        end: &[i64],
        strides: &[i64],
        masks: &Masks,
    ) -> Result<Self, OpError> {
        let entries = begin.len();
        if end.len() != entries || strides.len() != entries || entries > MAX_ENTRIES {
            return Err(OpError::Unsupported(format!(
                "begin, end and strides must have one length, {MAX_ENTRIES} at most: {entries}, {}, {}",
                end.len(),
                strides.len()
            )));
        }
        let ellipsis = |entry: &usize| has(masks.ellipsis, *entry);
        if (0..entries).filter(ellipsis).count() > 1 {
            return Err(OpError::Unsupported("a slice has several ellipses".to_owned()));
        }
        let added = |entry: &usize| has(masks.new_axis, *entry) && !ellipsis(entry);
        let named = (0..entries).filter(|entry| !ellipsis(entry) && !added(entry)).count();
        let unnamed = input.len().checked_sub(named).ok_or_else(|| {
            OpError::shape(format!("an input of the {named} dimensions that are sliced"), input)
        })?;
        let mut spec = Spec { ranges: Vec::with_capacity(input.len()), shape: Vec::new() };
        let mut dims = input.iter().copied();
        let mut bounds = begin.iter().zip(end).zip(strides);
        for entry in 0..entries {
            let Some(((&begin, &end), &step)) = bounds.next() else { break };
            if ellipsis(&entry) {
                spec.take_whole(dims.by_ref().take(unnamed));
            } else if added(&entry) {
                spec.shape.push(1);
            } else if let Some(dim) = dims.next() {
                let dim = i64::try_from(dim).unwrap_or(i64::MAX);
                if has(masks.shrink_axis, entry) {
                    spec.ranges.push(single(begin, step, dim)?);
                } else {
                    let begin = (!has(masks.begin, entry)).then_some(begin);
                    let end = (!has(masks.end, entry)).then_some(end);
                    let range = range(begin, end, step, dim)?;
                    spec.shape.push(range.count);
                    spec.ranges.push(range);
                }
            }
        }
        spec.take_whole(dims);
        Ok(spec)
    }

    fn take_whole(&mut self, dims: impl Iterator<Item = usize>) {
        for dim in dims {
            self.ranges.push(Range { first: 0, count: dim, step: 1 });
            self.shape.push(dim);
        }
    }
}

/// One position, whose dimension is dropped; unlike a bound it must be inside.
fn single(begin: i64, step: i64, dim: i64) -> Result<Range, OpError> {
    let first = if begin < 0 { begin.saturating_add(dim) } else { begin };
    if step <= 0 || !(0..dim).contains(&first) {
        return Err(OpError::Unsupported(format!(
            "position {begin} with step {step} is not in a dimension of {dim}"
        )));
    }
    Ok(Range { first, count: 1, step: 1 })
}

/// Python's rule: bounds count from the end if negative, are cut off at the edges, and a missing
/// one means the edge.
fn range(begin: Option<i64>, end: Option<i64>, step: i64, dim: i64) -> Result<Range, OpError> {
    if step == 0 {
        return Err(OpError::Unsupported("a slice has step 0".to_owned()));
    }
    let (lowest, highest) = if step > 0 { (0, dim) } else { (-1, dim - 1) };
    let (near, far) = if step > 0 { (lowest, highest) } else { (highest, lowest) };
    let bound = |value: i64| {
        let from_start = if value < 0 { value.saturating_add(dim) } else { value };
        from_start.clamp(lowest, highest)
    };
    let (first, last) = (begin.map_or(near, bound), end.map_or(far, bound));
    let span = if step > 0 { last - first } else { first - last };
    let count = if span > 0 { span.unsigned_abs().div_ceil(step.unsigned_abs()) } else { 0 };
    Ok(Range { first, count: usize::try_from(count).unwrap_or(0), step })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_cut_off_and_positions_are_not() {
        assert_eq!(range(Some(-9), Some(9), 2, 5), Ok(Range { first: 0, count: 3, step: 2 }));
        assert_eq!(range(None, None, -2, 5), Ok(Range { first: 4, count: 3, step: -2 }));
        assert_eq!(range(Some(0), Some(5), i64::MIN, 5), Ok(Range { first: 0, count: 0, step: i64::MIN }));
        assert!(range(None, None, 0, 5).is_err());
        assert!(single(5, 1, 5).is_err());
        assert!(single(i64::MIN, 1, 5).is_err());
    }
}
