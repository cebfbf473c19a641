//! Rankings of layers by what quantization does to them. Here are the trait, AMCT's cosine and a ranking
//! that was made before.

use amct_artifacts::auto_calibration::Ranking;
use amct_artifacts::record::Record;
use amct_calibration::Batches;
use amct_tensor::internal;

use super::layer_pairs::LayerPairs;
use super::{AutoError, Stop};
use crate::Error;
use crate::pipeline::Prepared;

/// The model with all layers quantized, for which layers are ranked.
#[derive(Clone, Copy)]
pub struct Calibrated<'a> {
    /// The folded float graph.
    pub prepared: &'a Prepared,
    /// The factors of every quantized layer.
    pub record: &'a Record,
    /// The calibration data.
    pub batches: &'a dyn Batches,
    /// Asks for an early end.
    pub stop: &'a Stop,
}

/// Tells how much quantization changes each layer. Another measure, such as the effect of one layer on
/// the outputs, is another implementation.
pub trait Sensitivity {
    /// Ranks the quantized layers.
    ///
    /// # Errors
    /// A run that fails, or the end that was asked for.
    fn rank(&self, calibrated: &Calibrated<'_>) -> Result<Ranking, Error>;
}

/// A ranking that was made before.
#[derive(Clone, Debug)]
pub struct GivenRanking(pub Ranking);

impl Sensitivity for GivenRanking {
    fn rank(&self, calibrated: &Calibrated<'_>) -> Result<Ranking, Error> {
        let quantized = |name: &str| calibrated.record.get(name).is_some_and(|entry| entry.scale_d.is_some());
        let given = |name: &str| self.0.layers().iter().any(|(layer, _)| layer == name);
        let unknown = self.0.layers().iter().find(|(name, _)| !quantized(name));
        let layers = calibrated.prepared.scan.layers.iter().map(|layer| layer.name.as_str());
        let missing = layers.into_iter().find(|name| quantized(name) && !given(name));
        match (unknown, missing) {
            (Some((name, _)), _) => Err(AutoError::RankingUnknown(name.clone()).into()),
            (None, Some(name)) => Err(AutoError::RankingMissing(name.to_owned()).into()),
            (None, None) => Ok(self.0.clone()),
        }
    }
}

/// AMCT's measure: 0.5 + 0.5 * cosine between a layer's float and its quantized output, where both read
/// what the layer reads during calibration.
///
/// All calibration data is one vector, as in AMCT when it is one batch: so it does not matter how many
/// images run at a time. Products are summed in f64 in data order; what follows is f32, as in numpy.
#[derive(Clone, Copy, Debug, Default)]
pub struct CosineSimilarity;

impl Sensitivity for CosineSimilarity {
    fn rank(&self, calibrated: &Calibrated<'_>) -> Result<Ranking, Error> {
        let pairs = LayerPairs::new(calibrated.prepared, calibrated.record)?;
        let mut sums: Vec<CosineSums> = pairs.names().map(|_| CosineSums::default()).collect();
        pairs.run(calibrated.batches, calibrated.stop, |index, float, quantized| {
            let sums = sums.get_mut(index).ok_or_else(|| internal!("no sums of layer {index}"))?;
            sums.add(float.as_slice()?, quantized.as_slice()?);
            Ok(())
        })?;
        let layers = pairs.names().zip(&sums).map(|(name, sums)| {
            let similarity = f64::from(sums.similarity());
            log::debug!(target: "auto_calibration", "sensitivity of layer {name} is {similarity}");
            (name.to_owned(), similarity)
        });
        Ok(Ranking::new(layers.collect()))
    }
}

/// What the cosine of two vectors is made of.
#[derive(Clone, Copy, Debug, Default)]
struct CosineSums {
    product: f64,
    original: f64,
    quantized: f64,
}

impl CosineSums {
    fn add(&mut self, original: &[f32], quantized: &[f32]) {
        for (&a, &b) in original.iter().zip(quantized) {
            let (a, b) = (f64::from(a), f64::from(b));
            self.product += a * b;
            self.original += a * a;
            self.quantized += b * b;
        }
    }

    fn similarity(&self) -> f32 {
        if self.original == 0.0 {
            // Nothing can be lost.
            return 1.0;
        }
        if self.quantized == 0.0 {
            return 0.0;
        }
        let norms = self.original.sqrt() as f32 * self.quantized.sqrt() as f32;
        let cosine = if norms.is_normal() && (self.product as f32).is_finite() {
            self.product as f32 / norms
        } else {
            // Beyond the range of f32, where numpy would have NaN.
            (self.product / self.original.sqrt() / self.quantized.sqrt()) as f32
        };
        0.5 + 0.5 * cosine
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn similarity(a: &[f32], b: &[f32]) -> f32 {
        let mut sums = CosineSums::default();
        sums.add(a, b);
        sums.similarity()
    }

    #[test]
    fn similarities_are_amcts() {
        let golden: Value =
            serde_json::from_str(include_str!("../../../../tests/golden/amct/auto_calibration.json"))
                .unwrap();
        let cases = golden["cosine"].as_array().unwrap();
        assert_eq!(cases.len(), 8);
        for case in cases {
            let vector = |name: &str| -> Vec<f32> {
                case[name].as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
            };
            let (a, b) = (vector("a"), vector("b"));
            assert_eq!(f64::from(similarity(&a, &b)), case["similarity"].as_f64().unwrap(), "{case}");
        }
    }

    #[test]
    fn tiny_and_huge_vectors_have_a_cosine_too() {
        for scale in [1e-40_f32, 1e25] {
            assert_eq!(similarity(&[scale, 0.0], &[scale, 0.0]), 1.0, "{scale}");
            assert_eq!(similarity(&[scale, 0.0], &[0.0, scale]), 0.5, "{scale}");
        }
    }
}
