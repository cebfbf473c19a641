use amct_graph::Graph;

use crate::Error;

/// What automatic calibration asks about a model. Calibration data is not its business, unlike in AMCT:
/// the job has its own batches.
pub trait Evaluator {
    /// The metric of a model, original or quantized, for the outputs asked for. Larger need not be better:
    /// only [`metric_eval`](Self::metric_eval) knows.
    ///
    /// # Errors
    /// Whatever ends the search; [`AutoError::Evaluator`](super::AutoError::Evaluator) takes any text.
    fn evaluate(&self, graph: &Graph, outputs: &[String]) -> Result<f64, Error>;

    /// Whether a quantized model of metric `new` is good enough beside the original one, and its loss: the
    /// smaller the better, for choosing among models that are not.
    fn metric_eval(&self, original: f64, new: f64) -> (bool, f64);
}
