//! The numbers of a folded batch norm.

/// The parameters of a batch norm, one value per channel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BatchNorm {
    pub(super) gamma: Vec<f32>,
    pub(super) beta: Vec<f32>,
    pub(super) mean: Vec<f32>,
    pub(super) variance: Vec<f32>,
    pub(super) epsilon: f32,
}

/// Weights and bias after folding.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Folded {
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

impl BatchNorm {
    /// Folds into weights whose innermost extent is the channels: HWIO, or HWCM with C and M seen
    /// as one axis. `None` if a result is not finite.
    ///
    /// AMCT's shared code treats the normalisation and the scale as two steps, each rounded to
    /// f32: first everything is divided by the standard deviation, then multiplied by gamma.
    pub(super) fn fold(&self, weights: &[f32], bias: Option<&[f32]>) -> Option<Folded> {
        let deviation: Vec<f32> = self.variance.iter().map(|v| (v + self.epsilon).sqrt()).collect();
        let channels = deviation.len().max(1);
        let weights: Vec<f32> = weights
            .chunks(channels)
            .flat_map(|row| {
                row.iter()
                    .zip(&deviation)
                    .zip(&self.gamma)
                    .map(|((w, deviation), gamma)| w / deviation * gamma)
            })
            .collect();
        let bias: Vec<f32> = (0..deviation.len())
            .zip(self.mean.iter().zip(&deviation))
            .zip(self.gamma.iter().zip(&self.beta))
            .map(|((channel, (mean, deviation)), (gamma, beta))| {
                let centred = bias.and_then(|bias| bias.get(channel)).map_or(-mean, |b| b - mean);
                centred / deviation * gamma + beta
            })
            .collect();
        let finite = weights.iter().chain(&bias).all(|value| value.is_finite());
        finite.then_some(Folded { weights, bias })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norm() -> BatchNorm {
        BatchNorm {
            gamma: vec![1.25, -0.5, 3.0],
            beta: vec![0.1, 0.2, -0.3],
            mean: vec![0.7, -1.1, 0.01],
            variance: vec![0.3, 2.0, 1e-4],
            epsilon: 1e-3,
        }
    }

    /// A pointwise convolution followed by the norm, all in f64.
    fn reference(norm: &BatchNorm, input: &[f32], weights: &[f32], bias: Option<&[f32]>) -> Vec<f64> {
        (0..3)
            .map(|c| {
                let products =
                    input.iter().enumerate().map(|(i, &x)| f64::from(x) * f64::from(weights[i * 3 + c]));
                let y = products.sum::<f64>() + bias.map_or(0.0, |b| f64::from(b[c]));
                let deviation = (f64::from(norm.variance[c]) + f64::from(norm.epsilon)).sqrt();
                (y - f64::from(norm.mean[c])) / deviation * f64::from(norm.gamma[c]) + f64::from(norm.beta[c])
            })
            .collect()
    }

    #[test]
    fn a_pointwise_convolution_gives_the_same_values_folded() {
        let input = [0.5_f32, -2.0, 1.5, 0.25];
        let weights: Vec<f32> = (0..12).map(|i| (i as f32 * 0.37).sin()).collect();
        for bias in [None, Some(&[0.4_f32, -0.2, 0.9][..])] {
            let folded = norm().fold(&weights, bias).unwrap();
            let expected = reference(&norm(), &input, &weights, bias);
            for (c, expected) in expected.into_iter().enumerate() {
                let sum: f64 =
                    (0..4).map(|i| f64::from(input[i]) * f64::from(folded.weights[i * 3 + c])).sum();
                let found = sum + f64::from(folded.bias[c]);
                assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{found} {expected}");
            }
        }
    }

    #[test]
    fn division_comes_before_gamma_to_the_bit() {
        let folded = norm().fold(&[0.3, 0.3, 0.3], None).unwrap();
        let deviation = (0.3_f32 + 1e-3_f32).sqrt();
        assert_eq!(folded.weights[0].to_bits(), (0.3_f32 / deviation * 1.25_f32).to_bits());
        assert_eq!(folded.bias[0].to_bits(), (-0.7_f32 / deviation * 1.25_f32 + 0.1_f32).to_bits());
    }

    #[test]
    fn a_result_that_is_not_finite_is_refused() {
        let dead = BatchNorm { variance: vec![-1e-3, 1.0, 1.0], ..norm() };
        assert_eq!(dead.fold(&[1.0; 3], None), None);
        assert_eq!(norm().fold(&[f32::MAX, 1.0, f32::MAX], None), None);
    }
}
