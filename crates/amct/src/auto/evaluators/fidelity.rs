//! Evaluators without labels: they judge a model by how close its outputs are to those of the float model.

use amct_graph::Graph;
use amct_interpreter::Arithmetic;
use amct_metrics::SignalSums;
use amct_tensor::{Tensor, internal};

use super::rows::rows;
use crate::Error;
use crate::auto::{AutoError, EvaluationImages, Evaluator, Limit};
use crate::model::Model;
use crate::predict::top;

/// The share of images, in percent, to which the model gives the class that the float model gives them,
/// by the first output. For data without labels.
pub struct Agreement {
    original: Model,
    images: EvaluationImages,
    limit: Limit,
}

impl Agreement {
    /// Compares with `original`, for the same outputs that are evaluated later.
    pub fn new(original: Model, images: EvaluationImages, limit: Limit) -> Self {
        Self { original, images, limit }
    }
}

impl Evaluator for Agreement {
    fn evaluate(&self, graph: &Graph, outputs: &[String]) -> Result<f64, Error> {
        let model = Model::new(graph, outputs, Arithmetic::Integer)?;
        let name = model.outputs().first().map_or("", String::as_str);
        let mut same = 0_usize;
        self.images.run(&[&self.original, &model], |images, results| {
            let (Some(original), Some(new)) = (first(results, 0), first(results, 1)) else {
                return Err(internal!("a model without a result").into());
            };
            let class = |row: &[f32]| top(row, 1).first().map(|class| class.index);
            let pairs = rows(name, original, images)?.zip(rows(name, new, images)?);
            same += pairs.filter(|(original, new)| class(original) == class(new)).count();
            Ok(())
        })?;
        Ok(100.0 * same as f64 / self.images.len() as f64)
    }

    fn metric_eval(&self, original: f64, new: f64) -> (bool, f64) {
        self.limit.judge(original, new)
    }
}

/// The ratio of the float model's output to the difference, in dB, over all images; of several outputs
/// that of the worst. The loss is the noise's share of the signal's power.
pub struct Sqnr {
    original: Model,
    images: EvaluationImages,
    /// The largest share accepted.
    noise: f64,
}

impl Sqnr {
    /// Compares with `original`, for the same outputs that are evaluated later.
    ///
    /// # Errors
    /// [`AutoError::AbsoluteNoise`]: the limit must be [`Limit::Relative`].
    pub fn new(original: Model, images: EvaluationImages, limit: Limit) -> Result<Self, Error> {
        match limit {
            Limit::Relative(noise) => Ok(Self { original, images, noise }),
            Limit::Absolute(value) => Err(AutoError::AbsoluteNoise(value).into()),
        }
    }
}

impl Evaluator for Sqnr {
    fn evaluate(&self, graph: &Graph, outputs: &[String]) -> Result<f64, Error> {
        let model = Model::new(graph, outputs, Arithmetic::Integer)?;
        let mut sums = vec![SignalSums::default(); model.outputs().len()];
        self.images.run(&[&self.original, &model], |images, results| {
            let [original, new] = results else {
                return Err(internal!("{} results of two models", results.len()).into());
            };
            for (index, (original, new)) in original.iter().zip(new).enumerate() {
                let name = model.outputs().get(index).map_or("", String::as_str);
                let sums = sums.get_mut(index).ok_or_else(|| internal!("output {index} of '{name}'"))?;
                sums.add(of_images(name, original, images)?, of_images(name, new, images)?);
            }
            Ok(())
        })?;
        Ok(worst(sums.iter().map(SignalSums::sqnr_db)))
    }

    fn metric_eval(&self, _original: f64, new: f64) -> (bool, f64) {
        let noise = 10_f64.powf(-new / 10.0);
        (noise <= self.noise, noise)
    }
}

/// The first output of one of several models.
fn first(results: &[Vec<Tensor>], model: usize) -> Option<&Tensor> {
    results.get(model)?.first()
}

/// The values of an output that belong to the images of a batch and not to its filling.
pub(crate) fn of_images<'t>(name: &str, output: &'t Tensor, images: usize) -> Result<&'t [f32], Error> {
    let values = output
        .as_slice::<f32>()
        .map_err(|_| AutoError::NotFloat { output: name.to_owned(), found: output.dtype().to_string() })?;
    let batch = output.shape().first().copied().unwrap_or(0);
    let filled = batch > images && values.len().is_multiple_of(batch);
    let wanted = if filled { values.len() / batch * images } else { values.len() };
    Ok(values.get(..wanted).unwrap_or(values))
}

/// The smallest ratio; NaN if one is, which [`f64::min`] would hide.
pub(crate) fn worst(ratios: impl Iterator<Item = f64>) -> f64 {
    ratios.reduce(|a, b| if a.is_nan() || a < b { a } else { b }).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_output_counts_and_nan_is_worse_than_any() {
        assert_eq!(worst([30.0, f64::INFINITY, 20.0].into_iter()), 20.0);
        assert!(worst([30.0, f64::NAN, 20.0].into_iter()).is_nan());
        assert!(worst([f64::NAN, 20.0].into_iter()).is_nan());
    }
}
