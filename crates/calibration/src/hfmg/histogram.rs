//! A histogram of equal bins: fast counting of values, and merging into a wider one as AMCT does.

use crate::algorithm::AlgorithmError;

/// Counts of values in bins of equal width over a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    min: f32,
    max: f32,
    width: f32,
    counts: Vec<u32>,
}

/// How many values find their bins before they are counted.
const BLOCK: usize = 256;

/// Tables that successive values are counted in, as equal neighbours would wait for each other.
const TABLES: usize = 4;

/// Below so many values the tables cost more than they save.
const MANY: usize = 1 << 15;

impl Histogram {
    /// Empty bins over the range `min` to `max`.
    pub(super) fn new(min: f32, max: f32, num_of_bins: usize) -> Self {
        let width = (max - min) / num_of_bins as f32;
        Self { min, max, width, counts: vec![0; num_of_bins] }
    }

    /// The smallest value.
    pub fn min(&self) -> f32 {
        self.min
    }

    /// The largest value.
    pub fn max(&self) -> f32 {
        self.max
    }

    /// The width of a bin.
    pub fn width(&self) -> f32 {
        self.width
    }

    /// How many values are in each bin.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The number of values.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|&count| u64::from(count)).sum()
    }

    /// Where a bin begins.
    pub(super) fn edge(&self, bin: usize) -> f32 {
        self.min + bin as f32 * self.width
    }

    /// Counts values that lie within the range.
    pub(super) fn add(&mut self, data: &[f32]) {
        let bins = self.counts.len();
        // A range of (nearly) one value has but one bin to speak of.
        if self.width < f32::EPSILON {
            if let Some(middle) = self.counts.get_mut(bins / 2) {
                *middle = middle.wrapping_add(data.len() as u32);
            }
            return;
        }
        let last = bins.saturating_sub(1) as f32;
        let mut places = [0_u32; BLOCK];
        let blocks = data.chunks(BLOCK).map(|block| {
            for (place, &x) in places.iter_mut().zip(block) {
                // Cut off before the cast, the last bin takes what is beyond it.
                *place = ((x - self.min) / self.width).min(last) as u32;
            }
            (places, block.len())
        });
        if data.len() < MANY {
            for (places, len) in blocks {
                places.iter().take(len).for_each(|&place| add_to(&mut self.counts, place as usize, 1));
            }
            return;
        }
        let mut tables = vec![[0_u32; TABLES]; bins];
        for (places, len) in blocks {
            for places in places.get(..len).unwrap_or_default().chunks(TABLES) {
                for (table, &place) in places.iter().enumerate() {
                    if let Some(count) = tables.get_mut(place as usize).and_then(|bin| bin.get_mut(table)) {
                        *count += 1;
                    }
                }
            }
        }
        for (count, found) in self.counts.iter_mut().zip(tables) {
            *count = found.into_iter().fold(*count, u32::wrapping_add);
        }
    }

    /// Moves the counts of a histogram over a part of this range into this one.
    ///
    /// A bin that falls into several of this one's counts in the first and the last of them, in
    /// the first with the share that lies there. As in the kernel, counts wrap.
    pub(super) fn merge(&mut self, old: &Self) {
        let same = |a: f32, b: f32| (a - b).abs() < f32::EPSILON;
        if same(self.max, old.max) && same(self.min, old.min) {
            for (count, old) in self.counts.iter_mut().zip(&old.counts) {
                *count = count.wrapping_add(*old);
            }
            return;
        }
        let last = self.counts.len().saturating_sub(1);
        let place = |edge: f32| (((edge - self.min) / self.width).floor() as usize).min(last);
        let (min, width) = (self.min, self.width);
        for (bin, &count) in old.counts.iter().enumerate() {
            let (low, high) = (old.edge(bin), old.edge(bin + 1));
            let (first, second) = (place(low), place(high));
            if first == second {
                add_to(&mut self.counts, first, count);
                continue;
            }
            let boundary = min + (first + 1) as f32 * width;
            let share = (boundary - low) / (high - low);
            let part = (share * count as f32).floor() as u32;
            add_to(&mut self.counts, first, part);
            add_to(&mut self.counts, second, count.wrapping_sub(part));
        }
    }

    /// Refuses a histogram that counted another number of values.
    pub(super) fn check_total(self, expected: u64) -> Result<Self, AlgorithmError> {
        let found = self.total();
        if found == expected { Ok(self) } else { Err(AlgorithmError::Count { expected, found }) }
    }
}

/// Where there is no such bin the values are lost, which [`Histogram::check_total`] finds.
fn add_to(counts: &mut [u32], bin: usize, more: u32) {
    if let Some(count) = counts.get_mut(bin) {
        *count = count.wrapping_add(more);
    }
}
