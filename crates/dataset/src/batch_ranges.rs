use std::num::NonZeroUsize;
use std::ops::Range;

/// The sample numbers of each batch: `batch_size` samples each, in order; the last may have fewer.
pub fn batch_ranges(
    samples: usize,
    batch_size: NonZeroUsize,
) -> impl ExactSizeIterator<Item = Range<usize>> + Clone {
    let batches = samples.div_ceil(batch_size.get());
    // No overflow: every start is below `samples`.
    (0..batches).map(move |batch| {
        let start = batch * batch_size.get();
        start..start.saturating_add(batch_size.get()).min(samples)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(samples: usize, batch_size: usize) -> Vec<Range<usize>> {
        batch_ranges(samples, NonZeroUsize::new(batch_size).unwrap()).collect()
    }

    #[test]
    fn the_last_batch_may_be_short() {
        assert_eq!(ranges(7, 3), [0..3, 3..6, 6..7]);
        assert_eq!(ranges(6, 3), [0..3, 3..6]);
        assert_eq!(ranges(0, 3), []);
        assert_eq!(ranges(2, usize::MAX).first(), Some(&(0..2)));
    }
}
