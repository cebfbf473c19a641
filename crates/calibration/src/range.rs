//! The range of an activation, its outermost values left out, and what such a range is quantized by: the first
//! pass of IFMR, and the whole of the calibrators that do not search.

use std::ops::RangeInclusive;

use amct_tensor::quantization::{ActivationParams, process_scale};
use amct_tensor::rounding::half_away;

use crate::algorithm::AlgorithmError;

/// Bit widths that f32 arithmetic resolves.
const NUM_BITS: RangeInclusive<u32> = 2..=16;

/// The integers that an activation becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Bits of a quantized value, 2 to 16.
    pub num_bits: u32,
    /// Whether the integers are asymmetric, with an offset that uses both ends of the range.
    pub with_offset: bool,
}

impl Grid {
    /// Checks the number of bits.
    ///
    /// # Errors
    /// [`AlgorithmError::NumBits`].
    pub fn validate(self) -> Result<(), AlgorithmError> {
        match NUM_BITS.contains(&self.num_bits) {
            true => Ok(()),
            false => Err(AlgorithmError::NumBits(self.num_bits)),
        }
    }
}

/// How much of the values a range covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percentiles {
    /// Share of the values that the range's upper end covers, in (0.5, 1].
    pub max: f32,
    /// Share of the values that the range's lower end covers, in (0.5, 1].
    pub min: f32,
}

impl Percentiles {
    /// Those of a range of all values.
    pub const ALL: Self = Self { max: 1.0, min: 1.0 };

    /// Checks both.
    ///
    /// # Errors
    /// [`AlgorithmError::Percentile`].
    pub fn validate(self) -> Result<(), AlgorithmError> {
        match [self.max, self.min].into_iter().find(|share| !(*share > 0.5 && *share <= 1.0)) {
            Some(found) => Err(AlgorithmError::Percentile(found)),
            None => Ok(()),
        }
    }
}

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

impl ActivationRange {
    /// The upper end times `factor`, which values are clipped at, and the scale up to there, before
    /// [`process_scale`]. A symmetric range has the end of the larger magnitude on both sides.
    pub fn clip_and_scale(&self, factor: f32, grid: Grid) -> (f32, f32) {
        let levels = 1u32 << grid.num_bits;
        if grid.with_offset {
            let clip = factor * self.max;
            return (clip, (clip - self.min) / (levels - 1) as f32);
        }
        // Of equal magnitudes the negative one counts, and the negative side has one level more.
        let levels = if self.max > -self.min { levels / 2 - 1 } else { levels / 2 };
        let clip = factor * self.max.max(-self.min);
        (clip, clip / levels as f32)
    }

    /// Scale and offset of the range with its upper end times `factor`.
    ///
    /// # Errors
    /// [`AlgorithmError::Scale`] if the scale is not supported.
    pub fn params(&self, factor: f32, grid: Grid) -> Result<ActivationParams, AlgorithmError> {
        let scale = process_scale(self.clip_and_scale(factor, grid).1)?;
        let offset = match grid.with_offset {
            true => -half_away(self.min / scale) as i32 - (1 << (grid.num_bits - 1)),
            false => 0,
        };
        Ok(ActivationParams { scale, offset })
    }
}

/// Values in any pieces and any order to their range.
///
/// It keeps no more than the values that may turn out to be the sought ones, twice as many at
/// most; that is some dozens per ten million values at AMCT's percentiles.
#[derive(Clone, Debug)]
pub struct RangeCollector {
    percentiles: Percentiles,
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
    /// See [`Percentiles::validate`].
    pub fn new(count: usize, percentiles: Percentiles) -> Result<Self, AlgorithmError> {
        percentiles.validate()?;
        // Fewer values can have a rank larger by the roundings of f32.
        let keep = |percentile| rank(percentile, count).saturating_add(2 + (count >> 22));
        Ok(Self {
            percentiles,
            announced: count,
            count: 0,
            nan: false,
            infinite: false,
            largest: Largest::new(keep(percentiles.max)),
            smallest: Largest::new(keep(percentiles.min)),
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
    /// [`AlgorithmError::NotANumber`] and [`AlgorithmError::Infinite`] for such a value, [`AlgorithmError::Empty`]
    /// for none, [`AlgorithmError::Count`] for more than announced.
    pub fn finish(self) -> Result<ActivationRange, AlgorithmError> {
        let Self { count, announced, .. } = self;
        if self.nan {
            return Err(AlgorithmError::NotANumber);
        }
        if self.infinite {
            return Err(AlgorithmError::Infinite);
        }
        if count == 0 {
            return Err(AlgorithmError::Empty);
        }
        if count > announced {
            return Err(AlgorithmError::Count { expected: announced as u64, found: count as u64 });
        }
        let max = self.largest.of_rank(rank(self.percentiles.max, count));
        let min = -self.smallest.of_rank(rank(self.percentiles.min, count));
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
        let percentiles = Percentiles { max: 0.999_999, min: 0.7 };
        for announced in [10, 1_000_003, 16_777_217, 38_535_168] {
            let collector = RangeCollector::new(announced, percentiles).unwrap();
            for count in (announced - announced / 50..=announced).step_by(1 + announced / 50_000) {
                assert!(rank(percentiles.max, count) <= collector.largest.keep);
                assert!(rank(percentiles.min, count) <= collector.smallest.keep);
            }
        }
    }
}
