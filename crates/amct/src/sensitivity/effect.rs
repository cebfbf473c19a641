//! How far the outputs of a model lie from those of the float model, over all images.

use amct_metrics::SignalSums;
use amct_tensor::Tensor;

use super::Measure;
use crate::Error;
use crate::auto::evaluators::fidelity::{of_images, worst};
use crate::auto::evaluators::rows::rows;
use crate::predict::top;

/// How a model's outputs compare with those of the float model, over all images; of several outputs the
/// worst counts.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Effect {
    /// Signal to noise, in dB; infinite without noise.
    pub sqnr: f64,
    /// Cosine of the outputs, each as one vector; 1 if both are zero, 0 if one is.
    pub cosine: f64,
    /// Images, in percent, to which the first output gives the class that it gives them in the float
    /// model; `None` if that output is not one row of classes per image.
    pub agreement: Option<f64>,
}

impl Effect {
    /// A number that is 1 without any difference, and the smaller the larger the difference. Of signal to
    /// noise it is 1 less the noise's share of the signal's power.
    pub fn similarity(&self, measure: Measure) -> f64 {
        match measure {
            Measure::Sqnr => 1.0 - 10_f64.powf(-self.sqnr / 10.0),
            Measure::Cosine => 0.5 + 0.5 * self.cosine,
            Measure::Agreement => self.agreement.map_or(f64::NAN, |percent| percent / 100.0),
        }
    }
}

/// Sums over images.
pub(super) struct Sums<'a> {
    outputs: &'a [String],
    signals: Vec<SignalSums>,
    /// Images of the same class, as long as the first output has classes.
    same: Option<usize>,
}

impl<'a> Sums<'a> {
    pub(super) fn new(outputs: &'a [String]) -> Self {
        Self { outputs, signals: vec![SignalSums::default(); outputs.len()], same: Some(0) }
    }

    /// Adds the outputs of `count` images.
    pub(super) fn add(&mut self, count: usize, float: &[Tensor], quantized: &[Tensor]) -> Result<(), Error> {
        let pairs = float.iter().zip(quantized);
        for ((name, signal), (a, b)) in self.outputs.iter().zip(&mut self.signals).zip(pairs) {
            signal.add(of_images(name, a, count)?, of_images(name, b, count)?);
        }
        let name = self.outputs.first().map_or("", String::as_str);
        let class = |row: &[f32]| top(row, 1).first().map(|class| class.index);
        let same = match (float.first(), quantized.first()) {
            (Some(a), Some(b)) => rows(name, a, count)
                .and_then(|a| Ok(a.zip(rows(name, b, count)?).filter(|(a, b)| class(a) == class(b)).count())),
            _ => Ok(0),
        };
        self.same = self.same.zip(same.ok()).map(|(sum, same)| sum + same);
        Ok(())
    }

    pub(super) fn effect(&self, images: usize) -> Effect {
        Effect {
            sqnr: worst(self.signals.iter().map(SignalSums::sqnr_db)),
            cosine: worst(self.signals.iter().map(|signal| signal.cosine().unwrap_or(0.0))),
            agreement: self.same.map(|same| 100.0 * same as f64 / images as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(float: &[f32], quantized: &[f32]) -> Effect {
        let outputs = ["y".to_owned()];
        let mut sums = Sums::new(&outputs);
        let tensor = |values: &[f32]| Tensor::from_vec([values.len() / 2, 2], values.to_vec()).unwrap();
        sums.add(float.len() / 2, &[tensor(float)], &[tensor(quantized)]).unwrap();
        sums.effect(float.len() / 2)
    }

    #[test]
    fn effects_are_those_worked_out_by_hand() {
        // Power 25 + 100, noise 1 + 0.25: 20 dB. Products 9 + 20 + 36 + 68 = 133, squares 9 + 25 + 36 +
        // 72.25 = 142.25. Class 1 in all rows.
        let found = effect(&[3.0, 4.0, 6.0, 8.0], &[3.0, 5.0, 6.0, 8.5]);
        assert!((found.sqnr - 20.0).abs() < 1e-9, "{found:?}");
        let cosine = 133.0 / (125.0_f64 * 142.25).sqrt();
        assert!((found.cosine - cosine).abs() < 1e-12, "{found:?}");
        assert_eq!(found.agreement, Some(100.0));
        assert_eq!(effect(&[1.0, 2.0, 4.0, 3.0], &[2.0, 1.0, 4.0, 3.0]).agreement, Some(50.0));
    }

    #[test]
    fn similarities_are_1_without_a_difference_and_fall_with_it() {
        let same = effect(&[1.0, 2.0], &[1.0, 2.0]);
        assert_eq!((same.sqnr, same.cosine), (f64::INFINITY, 1.0));
        let less = effect(&[1.0, 2.0], &[1.5, 2.0]);
        for measure in [Measure::Sqnr, Measure::Cosine] {
            assert!((same.similarity(measure) - 1.0).abs() < 1e-12, "{measure:?}");
            assert!(less.similarity(measure) < 1.0, "{measure:?}");
        }
        assert_eq!(less.similarity(Measure::Agreement), 1.0);
    }
}
