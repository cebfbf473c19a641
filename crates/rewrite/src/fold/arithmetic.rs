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

/// A factor and a summand, one value per channel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Linear {
    pub(super) scale: Option<Vec<f32>>,
    pub(super) shift: Option<Vec<f32>>,
}

/// Weights and bias after folding; `None` where nothing has changed or there is no bias.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Folded {
    pub(super) weights: Option<Vec<f32>>,
    pub(super) bias: Option<Vec<f32>>,
}

impl Folded {
    /// `None` if a value is not finite.
    fn checked(self) -> Option<Self> {
        let mut values = self.weights.iter().chain(&self.bias).flatten();
        values.all(|value| value.is_finite()).then_some(self)
    }
}

/// Every weight changed by the value of its channel; `run` weights side by side are of one.
fn each(weights: &[f32], run: usize, channels: usize, f: impl Fn(f32, usize) -> f32) -> Vec<f32> {
    let by_channel = weights.chunks(run.max(1)).zip((0..channels).cycle());
    by_channel
        .flat_map(|(side_by_side, channel)| side_by_side.iter().map(move |&w| (w, channel)))
        .map(|(w, channel)| f(w, channel))
        .collect()
}

fn at(values: &[f32], channel: usize) -> f32 {
    values.get(channel).copied().unwrap_or(f32::NAN)
}

impl Linear {
    /// `(w * x + b) * scale + shift` as one layer.
    pub(super) fn fold(&self, weights: &[f32], run: usize, bias: Option<&[f32]>) -> Option<Folded> {
        let scaled = |scale: &Vec<f32>| each(weights, run, scale.len(), |w, channel| w * at(scale, channel));
        let product =
            |values: Vec<f32>, scale: &Vec<f32>| values.iter().zip(scale).map(|(b, s)| b * s).collect();
        let bias = match (bias.map(<[f32]>::to_vec), &self.scale) {
            (Some(bias), Some(scale)) => Some(product(bias, scale)),
            (bias, _) => bias,
        };
        let bias: Option<Vec<f32>> = match (bias, &self.shift) {
            (Some(bias), Some(shift)) => Some(bias.iter().zip(shift).map(|(b, t)| b + t).collect()),
            (bias, shift) => bias.or_else(|| shift.clone()),
        };
        Folded { weights: self.scale.as_ref().map(scaled), bias }.checked()
    }
}

impl BatchNorm {
    /// The parameters of `len` channels from `first`.
    pub(super) fn part(&self, first: usize, len: usize) -> Self {
        let part = |values: &[f32]| values.iter().skip(first).take(len).copied().collect();
        Self {
            gamma: part(&self.gamma),
            beta: part(&self.beta),
            mean: part(&self.mean),
            variance: part(&self.variance),
            epsilon: self.epsilon,
        }
    }

    /// Folds into weights of which `run` side by side belong to one channel: 1 for HWIO, and for
    /// HWCM with C and M seen as one axis. `None` if a result is not finite.
    ///
    /// AMCT's shared code treats the normalisation and the scale as two steps, each rounded to
    /// f32: first everything is divided by the standard deviation, then multiplied by gamma.
    pub(super) fn fold(&self, weights: &[f32], run: usize, bias: Option<&[f32]>) -> Option<Folded> {
        let deviation: Vec<f32> = self.variance.iter().map(|v| (v + self.epsilon).sqrt()).collect();
        let weights = each(weights, run, deviation.len(), |w, channel| {
            w / at(&deviation, channel) * at(&self.gamma, channel)
        });
        let bias: Vec<f32> = (0..deviation.len())
            .zip(self.mean.iter().zip(&deviation))
            .zip(self.gamma.iter().zip(&self.beta))
            .map(|((channel, (mean, deviation)), (gamma, beta))| {
                let centred = bias.and_then(|bias| bias.get(channel)).map_or(-mean, |b| b - mean);
                centred / deviation * gamma + beta
            })
            .collect();
        Folded { weights: Some(weights), bias: Some(bias) }.checked()
    }
}

impl BatchNorm {
    /// Folds into the weights of the layer behind: `run` weights side by side read one channel of
    /// the norm, and output channels vary fastest. `None` if a result is not finite.
    ///
    /// First gamma and beta, then the normalisation, as AMCT's shared code takes the two steps one
    /// by one: `w' = w * gamma / deviation` in f32, and
    /// `b' = b + sum of w * beta - sum of w' * mean`, summed in f64 in the order of the weights.
    pub(super) fn fold_in_front(
        &self,
        weights: &[f32],
        run: usize,
        outputs: usize,
        bias: Option<&[f32]>,
    ) -> Option<Folded> {
        let deviation: Vec<f32> = self.variance.iter().map(|v| (v + self.epsilon).sqrt()).collect();
        let folded = each(weights, run, deviation.len(), |w, channel| {
            w * at(&self.gamma, channel) / at(&deviation, channel)
        });
        let mut sums: Vec<f64> = match bias {
            Some(bias) => bias.iter().map(|&b| b.into()).collect(),
            None => vec![0.0; outputs],
        };
        let added = each(weights, run, deviation.len(), |_, channel| at(&self.beta, channel));
        let taken = each(weights, run, deviation.len(), |_, channel| at(&self.mean, channel));
        let terms = weights.iter().zip(&folded).zip(added.iter().zip(&taken));
        for (index, ((&w, &folded), (&beta, &mean))) in terms.enumerate() {
            if let Some(sum) = sums.get_mut(index % outputs.max(1)) {
                *sum += f64::from(w) * f64::from(beta) - f64::from(folded) * f64::from(mean);
            }
        }
        let bias = sums.into_iter().map(|sum| sum as f32).collect();
        Folded { weights: Some(folded), bias: Some(bias) }.checked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights_of(folded: &Folded) -> &[f32] {
        folded.weights.as_deref().unwrap()
    }

    fn bias_of(folded: &Folded) -> &[f32] {
        folded.bias.as_deref().unwrap()
    }

    #[test]
    fn a_factor_and_a_summand_change_what_is_there() {
        let linear = Linear { scale: Some(vec![2.0, 3.0]), shift: Some(vec![1.0, -1.0]) };
        let folded = linear.fold(&[1.0, 1.0, 1.0, 1.0], 2, Some(&[0.5, 0.5])).unwrap();
        assert_eq!((weights_of(&folded), bias_of(&folded)), (&[2.0, 2.0, 3.0, 3.0][..], &[2.0, 0.5][..]));
        let only = Linear { scale: Some(vec![2.0]), shift: None }.fold(&[1.5], 1, None).unwrap();
        assert_eq!(only, Folded { weights: Some(vec![3.0]), bias: None });
        let added = Linear { scale: None, shift: Some(vec![2.0]) }.fold(&[1.5], 1, None).unwrap();
        assert_eq!(added, Folded { weights: None, bias: Some(vec![2.0]) });
    }

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
            let folded = norm().fold(&weights, 1, bias).unwrap();
            let expected = reference(&norm(), &input, &weights, bias);
            for (c, expected) in expected.into_iter().enumerate() {
                let sum: f64 =
                    (0..4).map(|i| f64::from(input[i]) * f64::from(weights_of(&folded)[i * 3 + c])).sum();
                let found = sum + f64::from(bias_of(&folded)[c]);
                assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{found} {expected}");
            }
        }
    }

    #[test]
    fn division_comes_before_gamma_to_the_bit() {
        let folded = norm().fold(&[0.3, 0.3, 0.3], 1, None).unwrap();
        let deviation = (0.3_f32 + 1e-3_f32).sqrt();
        assert_eq!(weights_of(&folded)[0].to_bits(), (0.3_f32 / deviation * 1.25_f32).to_bits());
        assert_eq!(bias_of(&folded)[0].to_bits(), (-0.7_f32 / deviation * 1.25_f32 + 0.1_f32).to_bits());
    }

    #[test]
    fn a_result_that_is_not_finite_is_refused() {
        let dead = BatchNorm { variance: vec![-1e-3, 1.0, 1.0], ..norm() };
        assert_eq!(dead.fold(&[1.0; 3], 1, None), None);
        assert_eq!(norm().fold(&[f32::MAX, 1.0, f32::MAX], 1, None), None);
    }
}
