//! The measures of how far a tensor lies from its reference, in msaccucmp's definitions, and their sums.

use serde::Serialize;

use crate::divergence::divergence;
use crate::signal::{EPSILON, SignalSums};

/// How far a tensor lies from its reference.
///
/// Cosine, Euclidean distance, KL and the relative errors are those of Ascend's msaccucmp, whose
/// `GroundTruth` is the reference; it sums in f32, so that its last digits may differ. Over several inputs
/// all but KL are those of all values together; KL is the mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Errors {
    /// Values compared.
    pub count: usize,
    /// `x.y / (|x| |y|)`; 1 if both are zero, NaN if one is.
    pub cosine: f64,
    /// `10 log10(sum y^2 / sum (x - y)^2)`, in dB; infinite without a difference.
    pub sqnr_db: f64,
    /// The largest `|x - y|`.
    pub max_absolute: f64,
    /// The mean of `|x - y|`.
    pub mean_absolute: f64,
    /// The root of the mean of `(x - y)^2`.
    pub rmse: f64,
    /// `|x - y| / |y|`; 0 if the reference is zero.
    pub relative_euclidean: f64,
    /// Kullback-Leibler divergence of both tensors, each scaled to \[0, 1\] and to a sum of 1.
    pub kl: f64,
    /// The sum of `|x/y - 1|`, 0 where `y` is zero.
    pub accumulated_relative: f64,
    /// The largest `|x/y - 1|`.
    pub max_relative: f64,
    /// The mean of `|x/y - 1|`.
    pub mean_relative: f64,
    /// Mean of the tensor.
    pub mean: f64,
    /// Standard deviation of the tensor.
    pub deviation: f64,
    /// Mean of the reference.
    pub reference_mean: f64,
    /// Standard deviation of the reference.
    pub reference_deviation: f64,
}

/// The sums that [`Errors`] are made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct ErrorSums {
    count: usize,
    /// Inputs with at least one value.
    inputs: usize,
    signal: SignalSums,
    /// Sums of the values, of the tensor and of the reference.
    sums: [f64; 2],
    absolute: f64,
    max_absolute: f64,
    relative: f64,
    max_relative: f64,
    kl: f64,
}

/// Mean and standard deviation of `count` values, by their sum and the sum of their squares.
fn moments(sum: f64, squares: f64, count: f64) -> (f64, f64) {
    let mean = sum / count;
    // Rounding may take the difference below zero.
    (mean, (squares / count - mean.powi(2)).max(0.0).sqrt())
}

/// The larger one, or NaN if one is: `f64::max` would hide it.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

impl ErrorSums {
    /// Adds the values of one input: `found` is judged by `reference`. Both have as many values; those
    /// that only one has are left out.
    pub fn add(&mut self, reference: &[f32], found: &[f32]) {
        let pairs = || reference.iter().zip(found);
        self.count += pairs().len();
        for (&y, &x) in pairs() {
            // msaccucmp's quotient is one of f32.
            let relative = if f64::from(y.abs()) > EPSILON { f64::from((x / y - 1.0).abs()) } else { 0.0 };
            let (x, y) = (f64::from(x), f64::from(y));
            let difference = (x - y).abs();
            self.signal.take(x, y);
            self.sums = [self.sums[0] + x, self.sums[1] + y];
            self.absolute += difference;
            self.max_absolute = larger(self.max_absolute, difference);
            self.relative += relative;
            self.max_relative = larger(self.max_relative, relative);
        }
        if !reference.is_empty() {
            self.inputs += 1;
            self.kl += divergence(found, reference);
        }
    }

    /// Takes in the sums of later inputs. The result is the same for the same pieces in the same order.
    pub fn merge(&mut self, later: &Self) {
        self.count += later.count;
        self.inputs += later.inputs;
        self.signal.merge(&later.signal);
        self.sums = [self.sums[0] + later.sums[0], self.sums[1] + later.sums[1]];
        self.absolute += later.absolute;
        self.max_absolute = larger(self.max_absolute, later.max_absolute);
        self.relative += later.relative;
        self.max_relative = larger(self.max_relative, later.max_relative);
        self.kl += later.kl;
    }

    /// How many values were compared.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The measures of all values added. Of no values all are NaN.
    pub fn errors(&self) -> Errors {
        let count = self.count as f64;
        let signal = &self.signal;
        let norms = (signal.found.sqrt(), signal.reference.sqrt());
        // msaccucmp takes for zero what is as short as this.
        let cosine = match (norms.0 <= EPSILON, norms.1 <= EPSILON) {
            (true, true) => Some(1.0),
            (false, false) => signal.cosine(),
            _ => None,
        };
        let (mean, deviation) = moments(self.sums[0], signal.found, count);
        let (reference_mean, reference_deviation) = moments(self.sums[1], signal.reference, count);
        let none = |value: f64| if self.count == 0 { f64::NAN } else { value };
        Errors {
            count: self.count,
            cosine: none(if signal.product.is_nan() { f64::NAN } else { cosine.unwrap_or(f64::NAN) }),
            sqnr_db: none(signal.sqnr_db()),
            max_absolute: none(self.max_absolute),
            mean_absolute: self.absolute / count,
            rmse: (signal.noise / count).sqrt(),
            relative_euclidean: none(if norms.1 <= EPSILON { 0.0 } else { signal.noise.sqrt() / norms.1 }),
            kl: self.kl / self.inputs as f64,
            accumulated_relative: none(self.relative),
            max_relative: none(self.max_relative),
            mean_relative: self.relative / count,
            mean,
            deviation,
            reference_mean,
            reference_deviation,
        }
    }
}

impl Errors {
    /// The names of msaccucmp's ten columns, in its order.
    pub const MSACCUCMP_COLUMNS: [&str; 10] = [
        "CosineSimilarity",
        "MaxAbsoluteError",
        "AccumulatedRelativeError",
        "RelativeEuclideanDistance",
        "KullbackLeiblerDivergence",
        "StandardDeviation",
        "MeanAbsoluteError",
        "RootMeanSquareError",
        "MaxRelativeError",
        "MeanRelativeError",
    ];

    /// The ten columns, written as msaccucmp writes them.
    pub fn msaccucmp(&self) -> [String; 10] {
        let number = |value: f64| if value.is_nan() { "NaN".to_owned() } else { format!("{value:.6}") };
        let small = |value: f64| if value.abs() < 0.001 { 0.0 } else { value };
        let moments = |mean: f64, deviation: f64| format!("({:.3};{:.3})", small(mean), small(deviation));
        [
            number(self.cosine),
            number(self.max_absolute),
            number(self.accumulated_relative),
            number(self.relative_euclidean),
            number(self.kl),
            format!(
                "{},{}",
                moments(self.mean, self.deviation),
                moments(self.reference_mean, self.reference_deviation)
            ),
            number(self.mean_absolute),
            number(self.rmse),
            number(self.max_relative),
            number(self.mean_relative),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(reference: &[f32], found: &[f32]) -> Errors {
        let mut sums = ErrorSums::default();
        sums.add(reference, found);
        sums.errors()
    }

    #[test]
    fn measures_are_those_worked_out_by_hand() {
        // Differences 1, 0, -2; 9 + 16 + 64 = 89 against 5.
        let found = errors(&[3.0, 4.0, 8.0], &[4.0, 4.0, 6.0]);
        assert_eq!((found.count, found.max_absolute, found.mean_absolute), (3, 2.0, 1.0));
        assert!((found.sqnr_db - 10.0 * (89.0_f64 / 5.0).log10()).abs() < 1e-12);
        assert!((found.rmse - (5.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((found.relative_euclidean - (5.0_f64 / 89.0).sqrt()).abs() < 1e-12);
        assert!((found.cosine - 76.0 / (68.0_f64 * 89.0).sqrt()).abs() < 1e-12);
        // 1/3 + 0 + 1/4.
        assert!((found.accumulated_relative - 7.0 / 12.0).abs() < 1e-6);
        assert!((found.max_relative - 1.0 / 3.0).abs() < 1e-6);
        assert!((found.mean_relative - 7.0 / 36.0).abs() < 1e-6);
        assert!((found.mean - 14.0 / 3.0).abs() < 1e-12 && (found.reference_mean - 5.0).abs() < 1e-12);
        assert!((found.reference_deviation - (14.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn equal_tensors_have_no_error() {
        let found = errors(&[1.0, -2.0], &[1.0, -2.0]);
        assert_eq!((found.cosine, found.sqnr_db, found.kl), (1.0, f64::INFINITY, 0.0));
        assert_eq!((found.rmse, found.max_relative), (0.0, 0.0));
    }

    #[test]
    fn zeros_and_nan_are_not_hidden() {
        let found = errors(&[0.0, 0.0], &[0.0, 0.0]);
        assert_eq!((found.cosine, found.relative_euclidean), (1.0, 0.0));
        let found = errors(&[0.0, 0.0], &[1.0, 0.0]);
        assert!(found.cosine.is_nan());
        assert_eq!((found.mean_relative, found.sqnr_db), (0.0, f64::NEG_INFINITY));
        let found = errors(&[1.0, 2.0], &[f32::NAN, 2.0]);
        assert!(found.cosine.is_nan() && found.max_absolute.is_nan() && found.max_relative.is_nan());
        assert!(found.sqnr_db.is_nan());
        assert!(errors(&[], &[]).cosine.is_nan() && errors(&[], &[]).kl.is_nan());
    }

    #[test]
    fn several_inputs_are_one_tensor_but_for_kl() {
        let (a, b) = ([1.0_f32, 2.0, 3.0, 5.0], [1.5_f32, 2.0, 2.5, 5.5]);
        let mut sums = ErrorSums::default();
        sums.add(&a[..2], &b[..2]);
        sums.add(&a[2..], &b[2..]);
        let (pieces, whole) = (sums.errors(), errors(&a, &b));
        assert_eq!(Errors { kl: 0.0, ..pieces }, Errors { kl: 0.0, ..whole });
        let (mut first, mut second) = (ErrorSums::default(), ErrorSums::default());
        first.add(&a[..2], &b[..2]);
        second.add(&a[2..], &b[2..]);
        first.merge(&second);
        assert_eq!(first.errors(), pieces);
        let mean = (errors(&a[..2], &b[..2]).kl + errors(&a[2..], &b[2..]).kl) / 2.0;
        assert_eq!(pieces.kl, mean);
    }

    /// What msaccucmp (mindstudio-probe 26.2.0) wrote for these tensors; its sums are f32.
    #[test]
    fn columns_are_those_of_msaccucmp() {
        let reference: Vec<f32> = (0..24).map(|i| (i as f32 - 7.0) * 0.25).collect();
        let found: Vec<f32> =
            reference.iter().enumerate().map(|(i, y)| y + 0.125 * ((i % 5) as f32 - 2.0)).collect();
        let expected = include_str!("../tests/msaccucmp.txt").trim_end().split('|');
        for (found, expected) in errors(&reference, &found).msaccucmp().iter().zip(expected) {
            match (found.parse::<f64>(), expected.parse::<f64>()) {
                (Ok(found), Ok(expected)) => assert!((found - expected).abs() < 1.1e-6, "{found} {expected}"),
                _ => assert_eq!(found, expected),
            }
        }
    }
}
