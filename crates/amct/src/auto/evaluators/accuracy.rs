//! An evaluator that counts how many labelled images a model gets right.

use std::num::NonZeroUsize;

use amct_dataset::Labels;
use amct_graph::Graph;
use amct_interpreter::Arithmetic;
use amct_tensor::internal;

use super::rows::rows;
use crate::Error;
use crate::auto::{AutoError, EvaluationImages, Evaluator, Limit};
use crate::model::Model;
use crate::predict::top;

/// Top-k accuracy on labelled images, in percent, by the first output.
#[derive(Debug)]
pub struct Accuracy {
    images: EvaluationImages,
    labels: Labels,
    k: NonZeroUsize,
    limit: Limit,
}

impl Accuracy {
    /// `images` are those of `labels`, in the same order. An image counts as right if its class is among
    /// the `k` largest values.
    pub fn new(images: EvaluationImages, labels: Labels, k: NonZeroUsize, limit: Limit) -> Self {
        Self { images, labels, k, limit }
    }
}

impl Evaluator for Accuracy {
    fn evaluate(&self, graph: &Graph, outputs: &[String]) -> Result<f64, Error> {
        let model = Model::new(graph, outputs, Arithmetic::Integer)?;
        let name = model.outputs().first().map_or("", String::as_str);
        let mut labels = self.labels.entries.iter();
        let mut right = 0_usize;
        self.images.run(&[&model], |images, results| {
            let output = results.first().and_then(|outputs| outputs.first());
            let output = output.ok_or_else(|| internal!("a model without a result"))?;
            for (row, label) in rows(name, output, images)?.zip(labels.by_ref()) {
                if label.class >= row.len() {
                    return Err(Error::Auto(AutoError::ClassOutOfRange {
                        path: self.labels.path.clone(),
                        line: label.line,
                        class: label.class,
                        classes: row.len(),
                    }));
                }
                let best = top(row, self.k.get());
                right += usize::from(best.iter().any(|class| class.index == label.class));
            }
            Ok(())
        })?;
        Ok(100.0 * right as f64 / self.images.len() as f64)
    }

    fn metric_eval(&self, original: f64, new: f64) -> (bool, f64) {
        self.limit.judge(original, new)
    }
}
