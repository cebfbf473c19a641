//! The errors of the second version of the search: f32 sums per batch, shifted down.

use super::{SHIFTS, best, shifted};

/// The errors of every shift and row: the sum over the batches before, and of the batch at hand.
#[derive(Clone, Debug)]
pub(super) struct Errors {
    /// By shift, then row.
    total: Vec<Vec<f32>>,
    batch: Vec<Vec<f32>>,
}

impl Errors {
    pub(super) fn new(rows: usize) -> Self {
        let zeros = vec![vec![0.0; rows]; SHIFTS];
        Self { total: zeros.clone(), batch: zeros }
    }

    /// Takes values of the batch at hand laid out as `row = index / run % rows`.
    pub(super) fn add(&mut self, values: &[f32], run: usize) {
        for (index, sums) in self.batch.iter_mut().enumerate() {
            let shift = index + 1;
            if run == 1 {
                for row in values.chunks(sums.len().max(1)) {
                    sums.iter_mut().zip(row).for_each(|(sum, &v)| *sum += error(v, shift));
                }
                continue;
            }
            for row in values.chunks(sums.len().max(1) * run) {
                for (sum, values) in sums.iter_mut().zip(row.chunks(run)) {
                    values.iter().for_each(|&v| *sum += error(v, shift));
                }
            }
        }
    }

    /// Ends the batch at hand.
    pub(super) fn close(&mut self) {
        for (total, batch) in self.total.iter_mut().flatten().zip(self.batch.iter_mut().flatten()) {
            *total += std::mem::take(batch);
        }
    }

    /// The errors of a row.
    pub(super) fn row(&self, row: usize) -> [f32; SHIFTS] {
        std::array::from_fn(|index| {
            self.total.get(index).and_then(|sums| sums.get(row)).copied().unwrap_or(f32::INFINITY)
        })
    }

    /// The best shift of every row.
    pub(super) fn best(&self) -> Vec<u32> {
        let rows = self.total.first().map_or(0, Vec::len);
        (0..rows).map(|row| best(self.row(row))).collect()
    }
}

/// The square of what a shift loses; the division rounds down. `value` is a whole number, so
/// that shifting the integer does the same; one beyond int32 is clamped to int16 either way.
#[inline]
fn error(value: f32, shift: usize) -> f32 {
    let difference = shifted((value as i32) >> shift, shift) as f32 - value;
    difference * difference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quotient_is_rounded_down() {
        for value in [0.0, 1.0, -1.0, -5.0, 65_535.0, 65_536.0, -65_537.0, 3e9, -3e9, 2_147_483_648.0_f32] {
            for shift in 1..=SHIFTS {
                let power = (1_u32 << shift) as f32;
                let quotient = (value / power).floor().clamp(-32_768.0, 32_767.0);
                let difference = quotient * power - value;
                assert_eq!(error(value, shift), difference * difference, "{value} by {shift}");
            }
        }
    }
}
