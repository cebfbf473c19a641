//! The Kullback-Leibler divergence of two tensors, in msaccucmp's definition.

use crate::signal::EPSILON;

/// The least value of a scaled element.
const FLOOR: f32 = f32::EPSILON;

/// The Kullback-Leibler divergence of `found` from `reference` as msaccucmp has it: each tensor is scaled
/// to \[0, 1\], lifted to the epsilon of f32 at least, and divided by its sum.
///
/// The sum of `p ln(p/q)` with `p = x/X`, `q = y/Y` is `(sum of x ln(x/y)) / X - ln(X/Y)`.
pub(crate) fn divergence(found: &[f32], reference: &[f32]) -> f64 {
    let (found_scale, reference_scale) = (Scale::of(found), Scale::of(reference));
    let (mut found_sum, mut reference_sum, mut logs) = (0.0, 0.0, 0.0);
    for (&x, &y) in found.iter().zip(reference) {
        let (x, y) = (f64::from(found_scale.scaled(x)), f64::from(reference_scale.scaled(y)));
        found_sum += x;
        reference_sum += y;
        // Many are: all that an activation cuts off.
        if x != y {
            logs += x * (x / y).ln();
        }
    }
    let result = logs / found_sum - (found_sum / reference_sum).ln();
    // Rounding leaves some of what cancels.
    if result.abs() < EPSILON.max(1e-15 * found.len() as f64) { 0.0 } else { result }
}

#[derive(Clone, Copy)]
struct Scale {
    low: f32,
    range: f32,
}

impl Scale {
    fn of(values: &[f32]) -> Self {
        let ends = (f32::INFINITY, f32::NEG_INFINITY);
        let (low, high) = values.iter().fold(ends, |(low, high), &x| (low.min(x), high.max(x)));
        Self { low, range: high - low }
    }

    fn scaled(self, x: f32) -> f32 {
        let scaled = if self.range == 0.0 { x } else { (x - self.low) / self.range };
        // f32::max would turn NaN into the floor.
        if scaled < FLOOR { FLOOR } else { scaled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_divergence_is_that_of_the_definition() {
        let (found, reference) = ([1.0_f32, 3.0, 2.0, 5.0], [2.0_f32, 3.0, 1.0, 9.0]);
        let distribution = |values: [f32; 4], low: f32, range: f32| {
            let scaled = values.map(|x| f64::from(((x - low) / range).max(FLOOR)));
            let sum: f64 = scaled.iter().sum();
            scaled.map(|x| x / sum)
        };
        let (p, q) = (distribution(found, 1.0, 4.0), distribution(reference, 1.0, 8.0));
        let expected: f64 = p.iter().zip(q).map(|(p, q)| p * (p / q).ln()).sum();
        assert!((divergence(&found, &reference) - expected).abs() < 1e-12);
    }

    #[test]
    fn what_differs_by_a_factor_only_does_not_diverge() {
        assert_eq!(divergence(&[1.0, 2.0, 4.0], &[2.0, 4.0, 8.0]), 0.0);
        assert_eq!(divergence(&[3.0; 4], &[3.0; 4]), 0.0);
    }

    #[test]
    fn nan_is_not_lost() {
        assert!(divergence(&[1.0, f32::NAN], &[1.0, 2.0]).is_nan());
    }
}
