//! A histogram of the differences of two integer tensors.

use serde::Serialize;

/// The largest difference with a place of its own.
const OWN: i64 = 8;

/// By how many integers (least significant bits) two tensors differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LsbHistogram {
    /// Values compared.
    pub count: u64,
    /// Values by difference, found less reference, from -8 to 8.
    pub differences: [u64; 2 * OWN as usize + 1],
    /// Values with a difference below -8.
    pub below: u64,
    /// Values with a difference above 8.
    pub above: u64,
    /// The largest difference without sign.
    pub largest: u64,
}

impl LsbHistogram {
    /// Adds the values of one input.
    pub fn add(&mut self, reference: &[i64], found: &[i64]) {
        for (&y, &x) in reference.iter().zip(found) {
            let difference = x.saturating_sub(y);
            self.count += 1;
            self.largest = self.largest.max(difference.unsigned_abs());
            let place = usize::try_from(difference.saturating_add(OWN)).ok();
            match place.and_then(|place| self.differences.get_mut(place)) {
                Some(count) => *count += 1,
                None if difference < 0 => self.below += 1,
                None => self.above += 1,
            }
        }
    }

    /// How many values are equal.
    pub fn equal(&self) -> u64 {
        self.differences.get(OWN as usize).copied().unwrap_or(0)
    }

    /// The differences that occur with how often they do, ascending: `None` stands for what lies beyond
    /// the ends.
    pub fn occurring(&self) -> Vec<(Option<i64>, u64)> {
        let own = (-OWN..).zip(self.differences).map(|(difference, count)| (Some(difference), count));
        let all = [(None, self.below)].into_iter().chain(own).chain([(None, self.above)]);
        all.filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_counted_where_they_belong() {
        let mut histogram = LsbHistogram::default();
        histogram.add(&[0, 0, 5, 5, 0, 0], &[0, 1, 4, 5, -9, i64::MAX]);
        assert_eq!((histogram.count, histogram.equal(), histogram.below, histogram.above), (6, 2, 1, 1));
        assert_eq!(histogram.largest, i64::MAX as u64);
        assert_eq!(histogram.occurring(), [(None, 1), (Some(-1), 1), (Some(0), 2), (Some(1), 1), (None, 1)]);
    }
}
