//! A histogram of values over the integers of an `AscendQuant`: how the range is used and what clipping costs.

use amct_tensor::quantization::{I8_MAX, I8_MIN};
use amct_tensor::rounding::half_away;
use serde::Serialize;

/// Bins of one integer.
const PER_CODE: usize = 4;
/// Integers on either side of int8 that still have bins.
const BEYOND: i32 = 128;
const FIRST: i32 = I8_MIN - BEYOND;
/// Bins of integers that are far from being clipped.
const MIDDLE: std::ops::Range<f32> = {
    let first = ((1 + BEYOND) * PER_CODE as i32) as f32;
    first..first + (254 * PER_CODE) as f32
};
const BINS: usize = (256 + 2 * BEYOND as usize) * PER_CODE;

/// Where values lie among the integers that `AscendQuant` makes of them: a histogram with four bins for
/// each integer, over twice the range of int8.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeHistogram {
    inverse_scale: f32,
    offset: i32,
    bins: Vec<u64>,
    /// Values left and right of the bins.
    outside: [u64; 2],
    /// Values that are clipped to -128, and to 127.
    clipped: [u64; 2],
    count: u64,
    not_a_number: u64,
    min: f32,
    max: f32,
}

/// How the integers are used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CodeUse {
    /// Values seen.
    pub count: u64,
    /// The smallest value.
    pub min: f32,
    /// The largest value.
    pub max: f32,
    /// The real numbers that the integers -128 and 127 stand for.
    pub range: [f32; 2],
    /// Share of the values that are clipped to -128.
    pub saturated_low: f64,
    /// Share of the values that are clipped to 127.
    pub saturated_high: f64,
    /// Share of the 256 integers that lie below the smallest or above the largest one that occurs.
    pub unused: f64,
}

impl CodeHistogram {
    /// A histogram for an `AscendQuant` of that attribute `scale` (1/scale_d) and that offset.
    pub fn new(inverse_scale: f32, offset: i32) -> Self {
        Self {
            inverse_scale,
            offset,
            bins: vec![0; BINS],
            outside: [0; 2],
            clipped: [0; 2],
            count: 0,
            not_a_number: 0,
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
        }
    }

    /// Adds values.
    pub fn add(&mut self, values: &[f32]) {
        let offset = self.offset as f32;
        for &x in values {
            self.count += 1;
            if x.is_nan() {
                self.not_a_number += 1;
                continue;
            }
            self.min = self.min.min(x);
            self.max = self.max.max(x);
            let scaled = x * self.inverse_scale;
            // Bins are halves of an integer to both sides of it.
            let place = (scaled + offset - FIRST as f32 + 0.5) * PER_CODE as f32;
            if place < 0.0 {
                self.outside[0] += 1;
            } else {
                match self.bins.get_mut(place as usize) {
                    Some(bin) => *bin += 1,
                    None => self.outside[1] += 1,
                }
            }
            // Rounding as the kernel does is dear, and in the middle it decides nothing.
            if !MIDDLE.contains(&place) {
                let code = half_away(scaled) + offset;
                self.clipped[0] += u64::from(code < I8_MIN as f32);
                self.clipped[1] += u64::from(code > I8_MAX as f32);
            }
        }
    }

    /// Takes in what a histogram for the same `AscendQuant` has seen.
    pub fn merge(&mut self, other: &Self) {
        self.bins.iter_mut().zip(&other.bins).for_each(|(bin, other)| *bin += other);
        self.outside.iter_mut().zip(other.outside).for_each(|(count, other)| *count += other);
        self.clipped.iter_mut().zip(other.clipped).for_each(|(count, other)| *count += other);
        self.count += other.count;
        self.not_a_number += other.not_a_number;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The real number at `code`.
    fn value(&self, code: f32) -> f32 {
        (code - self.offset as f32) / self.inverse_scale
    }

    /// The distance of two integers, and the one that stands for zero.
    pub fn scale(&self) -> (f32, i32) {
        (1.0 / self.inverse_scale, self.offset)
    }

    /// What the integers -128 and 127 stand for.
    pub fn range(&self) -> [f32; 2] {
        [self.value(I8_MIN as f32), self.value(I8_MAX as f32)]
    }

    /// How the integers are used.
    pub fn usage(&self) -> CodeUse {
        let code = |x: f32| half_away(x * self.inverse_scale) as i64 + i64::from(self.offset);
        let within = |code: i64| code.clamp(I8_MIN.into(), I8_MAX.into());
        let unused = match self.min <= self.max {
            true => 255 - (within(code(self.max)) - within(code(self.min))),
            false => 256,
        };
        let share = |part: u64| if self.count == 0 { 0.0 } else { part as f64 / self.count as f64 };
        CodeUse {
            count: self.count,
            min: self.min,
            max: self.max,
            range: self.range(),
            saturated_low: share(self.clipped[0]),
            saturated_high: share(self.clipped[1]),
            unused: unused as f64 / 256.0,
        }
    }

    /// The histogram in coarser bins: the edges, one more than there are bins, and the counts. It reaches
    /// from the first bin with a value to the last, and over the range of int8 in any case. What lies
    /// outside the histogram counts in its outermost bins.
    pub fn coarse(&self, most: usize) -> (Vec<f32>, Vec<u64>) {
        let mut bins = self.bins.clone();
        if let Some(first) = bins.first_mut() {
            *first += self.outside[0];
        }
        if let Some(last) = bins.last_mut() {
            *last += self.outside[1];
        }
        let inner = BEYOND as usize * PER_CODE;
        let first = bins.iter().position(|&count| count > 0).unwrap_or(inner).min(inner);
        let end = bins.iter().rposition(|&count| count > 0).map_or(0, |last| last + 1).max(BINS - inner);
        let shown = bins.get(first..end).unwrap_or_default();
        let width = shown.len().div_ceil(most.max(1)).max(1);
        let counts: Vec<u64> = shown.chunks(width).map(|bins| bins.iter().sum()).collect();
        let edge = |bin: usize| self.value(bin.min(BINS) as f32 / PER_CODE as f32 + FIRST as f32 - 0.5);
        let edges = (0..=counts.len()).map(|index| edge(first + index * width)).collect();
        (edges, counts)
    }

    /// The mean squared error of quantizing the values with the upper end of the range times each of
    /// `factors`, estimated with the values spread evenly over their bins. What lies outside the histogram
    /// counts at its ends.
    pub fn clip_losses(&self, factors: &[f32]) -> Vec<f64> {
        let [low, high] = self.range().map(f64::from);
        let middle =
            |bin: usize| f64::from(self.value((bin as f32 + 0.5) / PER_CODE as f32 + FIRST as f32 - 0.5));
        let mut filled: Vec<(f64, f64)> = self
            .bins
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(bin, &count)| (middle(bin), count as f64))
            .collect();
        filled.push((middle(0), self.outside[0] as f64));
        filled.push((middle(BINS - 1), self.outside[1] as f64));
        let total: f64 = filled.iter().map(|(_, count)| count).sum();
        let spread = (1.0 / f64::from(self.inverse_scale) / PER_CODE as f64).powi(2) / 12.0;
        let loss = |factor: &f32| {
            let clip = high * f64::from(*factor);
            let scale = (clip - low) / 255.0;
            let error = |x: f64| ((x.max(low).min(clip) - low) / scale).round() * scale + low - x;
            filled.iter().map(|&(x, count)| count * error(x).powi(2)).sum::<f64>() / total + spread
        };
        factors.iter().map(loss).collect()
    }
}

#[cfg(test)]
mod tests {
    use amct_tensor::quantization::quantize;

    use super::*;

    fn histogram(scale: f32, offset: i32, values: &[f32]) -> CodeHistogram {
        let mut histogram = CodeHistogram::new(1.0 / scale, offset);
        histogram.add(values);
        histogram
    }

    #[test]
    fn what_the_kernel_clips_is_counted_at_its_end() {
        // [-1.0, 1.55]: 127.5 steps above -28 rounds to 100 + 28.
        let values = [-1.004, -1.006, 0.0, 1.55, 1.554, 1.556, 9.0, f32::NAN];
        let found = histogram(0.01, -28, &values).usage();
        assert_eq!((found.count, found.min, found.max), (8, -1.006, 9.0));
        assert_eq!((found.saturated_low, found.saturated_high), (1.0 / 8.0, 2.0 / 8.0));
        assert!((found.range[0] + 1.0).abs() < 1e-6 && (found.range[1] - 1.55).abs() < 1e-6);
        assert_eq!(found.unused, 0.0);
        for x in values {
            let code = half_away(x / 0.01) - 28.0;
            let is_clipped = !x.is_nan() && !(-128.0..=127.0).contains(&code);
            assert_eq!(is_clipped, f32::from(quantize(x, 1.0 / 0.01, -28)) != code && !x.is_nan());
        }
    }

    #[test]
    fn integers_beyond_the_outermost_used_are_unused() {
        let found = histogram(1.0, 0, &[-64.0, 63.0]).usage();
        assert_eq!(found.unused, 0.5);
        assert_eq!(histogram(1.0, 0, &[]).usage().unused, 1.0);
        assert_eq!(histogram(1.0, 0, &[3.0]).usage().unused, 255.0 / 256.0);
    }

    #[test]
    fn a_coarse_histogram_keeps_every_value() {
        let values = [-1e9, -300.0, -128.0, 0.0, 0.2, 127.0, 128.0, 255.2, 1e9];
        let (edges, counts) = histogram(1.0, 0, &values).coarse(64);
        assert_eq!(counts.iter().sum::<u64>(), values.len() as u64);
        assert_eq!(edges.len(), counts.len() + 1);
        assert!(counts.len() <= 64 && edges.is_sorted());
        // Of few values it still spans int8.
        let (edges, counts) = histogram(1.0, 0, &[0.0]).coarse(64);
        assert_eq!((edges[0], edges[edges.len() - 1], counts.len()), (-128.5, 127.5, 64));
        let zero = edges.iter().rposition(|&edge| edge <= 0.0).unwrap();
        assert_eq!(counts[zero], 1);
    }

    #[test]
    fn estimated_losses_are_near_the_exact_ones() {
        let values: Vec<f32> = (0..20_000).map(|i| 6.0 * ((i as f32) / 20_000.0).powi(3)).collect();
        let histogram = histogram(6.0 / 255.0, -128, &values);
        let factors = [0.5, 0.7, 1.0, 1.3];
        for (factor, loss) in factors.into_iter().zip(histogram.clip_losses(&factors)) {
            let (clip, scale) = (6.0 * factor, 6.0 * factor / 255.0);
            let errors = values.iter().map(|&x| f64::from((x.min(clip) / scale).round() * scale - x).powi(2));
            let exact = errors.sum::<f64>() / values.len() as f64;
            assert!((loss - exact).abs() < 0.05 * exact, "{factor}: {loss} {exact}");
        }
    }
}
