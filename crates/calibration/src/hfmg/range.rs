//! The extremes and the count of the values of a batch: what HFMG's first pass finds.

use crate::algorithm::AlgorithmError;

/// The extremes of a batch and how many values it has, taken in any pieces and any order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueRange {
    min: f32,
    max: f32,
    count: u64,
    nan: bool,
}

/// Values that are looked at together.
const BLOCK: usize = 64;

impl Default for ValueRange {
    /// The range of no values.
    fn default() -> Self {
        Self { min: f32::INFINITY, max: f32::NEG_INFINITY, count: 0, nan: false }
    }
}

impl ValueRange {
    /// The range of these values.
    pub fn of(data: &[f32]) -> Self {
        let mut range = Self::default();
        range.add(data);
        range
    }

    /// Takes the next values.
    pub fn add(&mut self, data: &[f32]) {
        self.count = self.count.saturating_add(data.len() as u64);
        // A lane of its own for every place in a block, so that the loop is vectorised.
        let mut min = [self.min; BLOCK];
        let mut max = [self.max; BLOCK];
        let mut nan = false;
        for block in data.chunks(BLOCK) {
            for ((&x, min), max) in block.iter().zip(&mut min).zip(&mut max) {
                *min = if x < *min { x } else { *min };
                *max = if x > *max { x } else { *max };
                nan |= x.is_nan();
            }
        }
        self.min = min.into_iter().fold(self.min, f32::min);
        self.max = max.into_iter().fold(self.max, f32::max);
        self.nan |= nan;
    }

    /// Takes what another range has taken.
    pub fn merge(&mut self, other: Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.count = self.count.saturating_add(other.count);
        self.nan |= other.nan;
    }

    /// The number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The smallest and the largest value.
    ///
    /// # Errors
    /// [`AlgorithmError::Empty`], [`AlgorithmError::NotANumber`], [`AlgorithmError::Infinite`], [`AlgorithmError::Range`].
    pub fn ends(&self) -> Result<(f32, f32), AlgorithmError> {
        let Self { min, max, .. } = *self;
        if self.nan {
            return Err(AlgorithmError::NotANumber);
        }
        if self.count == 0 {
            return Err(AlgorithmError::Empty);
        }
        if !(min.is_finite() && max.is_finite()) {
            return Err(AlgorithmError::Infinite);
        }
        if !(max - min).is_finite() {
            return Err(AlgorithmError::Range { min, max });
        }
        Ok((min, max))
    }
}
