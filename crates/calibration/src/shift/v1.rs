//! The errors of the first version of the search: whole numbers, shifted toward zero.

use super::{SHIFTS, best, shifted};

/// The errors of every shift and channel, of all values so far.
#[derive(Clone, Debug)]
pub(super) struct Errors {
    /// By shift, then channel.
    sums: Vec<Vec<f64>>,
}

impl Errors {
    pub(super) fn new(channels: usize) -> Self {
        Self { sums: vec![vec![0.0; channels]; SHIFTS] }
    }

    /// Takes sums laid out as `channel = index / run % channels`.
    pub(super) fn add(&mut self, values: &[i32], run: usize) {
        for (index, sums) in self.sums.iter_mut().enumerate() {
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

    /// The best shift of every channel.
    pub(super) fn best(&self) -> Vec<u32> {
        let channels = self.sums.first().map_or(0, Vec::len);
        let of = |channel: usize, index: usize| {
            self.sums.get(index).and_then(|sums| sums.get(channel)).copied().unwrap_or(f64::INFINITY)
        };
        (0..channels).map(|channel| best(std::array::from_fn(|index| of(channel, index)))).collect()
    }
}

/// The square of what a shift loses; the division cuts off toward zero.
#[inline]
fn error(value: i32, shift: usize) -> f64 {
    // A negative value is raised first, so that shifting it rounds up.
    let quotient = value.wrapping_add((value >> 31) & ((1 << shift) - 1)) >> shift;
    let difference = f64::from(shifted(quotient, shift).wrapping_sub(value));
    difference * difference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quotient_is_that_of_a_division() {
        for value in [0, 1, -1, 5, -5, 65_535, -65_535, 65_536, i32::MAX, i32::MIN, -32_769] {
            for shift in 1..=SHIFTS {
                let quotient = (i64::from(value) / (1 << shift)).clamp(-32_768, 32_767);
                let difference = (quotient * (1 << shift) - i64::from(value)) as f64;
                assert_eq!(error(value, shift), difference * difference, "{value} by {shift}");
            }
        }
    }
}
