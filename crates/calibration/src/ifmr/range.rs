//! Pass 1 of IFMR: the range of an activation, its outermost values left out.

use super::{IfmrError, IfmrParams};

/// The range of an activation, the outermost values that the percentiles leave out not counted.
/// Zero is always inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivationRange {
    /// Lower end, at most 0.0.
    pub min: f32,
    /// Upper end, at least 0.0.
    pub max: f32,
    /// The number of values.
    pub count: usize,
}

/// Pass 1 of IFMR: values in any pieces and any order to their range.
///
/// It keeps no more than the values that may turn out to be the sought ones, twice as many at
/// most; that is some dozens per ten million values at AMCT's percentiles.
#[derive(Clone, Debug)]
pub struct RangeCollector {
    max_percentile: f32,
    min_percentile: f32,
    announced: usize,
    count: usize,
    nan: bool,
    infinite: bool,
    /// The largest positive values.
    largest: Largest,
    /// The largest magnitudes of negative values.
    smallest: Largest,
}

/// Values that are looked at together before one is looked at alone.
const BLOCK: usize = 64;

impl RangeCollector {
    /// A collector for a tensor of `count` values over all batches, or fewer.
    ///
    /// # Errors
    /// See [`IfmrParams::validate`].
    pub fn new(count: usize, params: &IfmrParams) -> Result<Self, IfmrError> {
        params.validate()?;
        // Fewer values can have a rank larger by the roundings of f32.
        let keep = |percentile| rank(percentile, count).saturating_add(2 + (count >> 22));
        Ok(Self {
            max_percentile: params.max_percentile,
            min_percentile: params.min_percentile,
            announced: count,
            count: 0,
            nan: false,
            infinite: false,
            largest: Largest::new(keep(params.max_percentile)),
            smallest: Largest::new(keep(params.min_percentile)),
        })
    }

    /// Takes the next values.
    pub fn add(&mut self, data: &[f32]) {
        self.count = self.count.saturating_add(data.len());
        for block in data.chunks(BLOCK) {
            let (low, high) = (-self.smallest.threshold, self.largest.threshold);
            // Without a branch per value the loop is vectorised. A NaN is not within.
            let within = block.iter().fold(true, |within, &x| within & (x >= low) & (x <= high));
            if !within {
                block.iter().for_each(|&x| self.take(x));
            }
        }
    }

    fn take(&mut self, x: f32) {
        if x.is_nan() {
            self.nan = true;
        } else if x.is_infinite() {
            self.infinite = true;
        } else {
            self.largest.take(x);
            self.smallest.take(-x);
        }
    }

    /// Takes what another collector of the same tensor has taken.
    pub fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.nan |= other.nan;
        self.infinite |= other.infinite;
        other.largest.values.into_iter().for_each(|x| self.largest.take(x));
        other.smallest.values.into_iter().for_each(|x| self.smallest.take(x));
    }

    /// The range of all values taken: the largest value and the smallest, or those of the rank
    /// that a percentile below 1 gives.
    ///
    /// # Errors
    /// [`IfmrError::NotANumber`] and [`IfmrError::Infinite`] for such a value, [`IfmrError::Empty`]
    /// for none, [`IfmrError::Count`] for more than announced.
    pub fn finish(self) -> Result<ActivationRange, IfmrError> {
        let Self { count, announced, .. } = self;
        if self.nan {
            return Err(IfmrError::NotANumber);
        }
        if self.infinite {
            return Err(IfmrError::Infinite);
        }
        if count == 0 {
            return Err(IfmrError::Empty);
        }
        if count > announced {
            return Err(IfmrError::Count { expected: announced, found: count });
        }
        let max = self.largest.of_rank(rank(self.max_percentile, count));
        let min = -self.smallest.of_rank(rank(self.min_percentile, count));
        Ok(ActivationRange { min, max, count })
    }
}

/// The rank, from 1, of the value at the end of the range.
fn rank(percentile: f32, count: usize) -> usize {
    if percentile == 1.0 {
        return 1;
    }
    count.saturating_sub((percentile * count as f32).floor() as usize).max(1)
}

/// The largest of the positive values taken.
#[derive(Clone, Debug)]
struct Largest {
    /// How many of them matter.
    keep: usize,
    /// Those and some smaller ones.
    values: Vec<f32>,
    /// Values up to this no longer matter.
    threshold: f32,
}

impl Largest {
    fn new(keep: usize) -> Self {
        Self { keep: keep.max(1), values: Vec::new(), threshold: 0.0 }
    }

    fn take(&mut self, x: f32) {
        if x > self.threshold {
            self.values.push(x);
            if self.values.len() >= self.keep.saturating_mul(2).max(BLOCK) {
                self.prune();
            }
        }
    }

    fn prune(&mut self) {
        if self.values.len() > self.keep {
            let (_, least, _) = self.values.select_nth_unstable_by(self.keep - 1, |a, b| b.total_cmp(a));
            self.threshold = *least;
            self.values.truncate(self.keep);
        }
    }

    /// The value of a rank up to `keep`; 0.0 if fewer positive values were taken.
    fn of_rank(mut self, rank: usize) -> f32 {
        if self.values.len() < rank {
            return 0.0;
        }
        let (_, value, _) = self.values.select_nth_unstable_by(rank - 1, |a, b| b.total_cmp(a));
        *value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_follow_f32_arithmetic() {
        for (percentile, count, expected) in [
            (1.0, 38_535_168, 1),
            (0.999_999, 1, 1),
            (0.999_999, 900_000, 1),
            (0.999_999, 38_535_168, 40),
            (0.9, 10_000, 1000),
            (0.6, 10_000, 4000),
        ] {
            assert_eq!(rank(percentile, count), expected, "{percentile} of {count}");
        }
    }

    #[test]
    fn a_rank_never_outgrows_what_was_kept_for_a_larger_count() {
        let params = IfmrParams { max_percentile: 0.999_999, min_percentile: 0.7, ..IfmrParams::default() };
        for announced in [10, 1_000_003, 16_777_217, 38_535_168] {
            let collector = RangeCollector::new(announced, &params).unwrap();
            for count in (announced - announced / 50..=announced).step_by(1 + announced / 50_000) {
                assert!(rank(params.max_percentile, count) <= collector.largest.keep);
                assert!(rank(params.min_percentile, count) <= collector.smallest.keep);
            }
        }
    }
}
