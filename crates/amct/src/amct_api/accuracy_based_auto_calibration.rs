//! AMCT's function of this name.

use crate::Error;
use crate::auto::{AutoCalibration, AutoReport};

/// Quantizes a model as far as its accuracy allows.
///
/// Evaluates the float model; calibrates, quantizes and evaluates it with all layers; ranks the layers by
/// how much quantization changes each; and, if the loss is not acceptable, gives the most sensitive layers
/// back to float, as few as the strategy finds. Written are `config.json`, `record.txt`,
/// `<prefix>_quantized.pb`, `<prefix>_quant.json` and the two `accuracy_based_auto_calibration_*.json`
/// into the directory of the outputs, and the history of the search into the log directory.
///
/// The model there is at any time the best one found, whole; also if the target is not met or the search
/// is interrupted, which the [`AutoReport`] and the log tell.
///
/// # Errors
/// Those of calibration and of the evaluator, [`AutoError::OriginalRefused`](crate::auto::AutoError) if the
/// evaluator does not accept the original model, [`Error::Write`]. A model found before the error stays.
///
/// # Examples
/// With an evaluator of one's own, which compares the first value of the outputs:
///
/// ```
/// use amct::auto::{AutoCalibration, Evaluator, Verdict};
/// use amct::graph::Graph;
/// use amct::model::{Arithmetic, Feeds};
/// use amct::model::Model;
/// use amct::pipeline::{self, Outputs, PrepareOptions};
/// use amct::tensor::Tensor;
/// use amct::amct_api::accuracy_based_auto_calibration;
///
/// struct FirstValue(Tensor);
///
/// impl Evaluator for FirstValue {
///     fn evaluate(&self, graph: &Graph, outputs: &[String]) -> Result<f64, amct::Error> {
///         let model = Model::new(graph, outputs, Arithmetic::Integer)?;
///         let results = model.run([("input", self.0.clone())])?;
///         Ok(results[0].as_slice::<f32>().map_or(f64::NAN, |values| f64::from(values[0])))
///     }
///
///     fn metric_eval(&self, original: f64, new: f64) -> (bool, f64) {
///         let loss = (original - new).abs();
///         (loss < 0.05, loss)
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let save_path = directory.path().join("out/small");
/// # let save_path = save_path.to_str().unwrap();
/// let original = amct::graphdef::load("tests/golden/graphs/mobilenet_v1.pb".as_ref())?;
/// let image = amct::data::read_npy("tests/golden/graphs/mobilenet_v1.input.npy")?;
/// let output = amct::signature::outputs(&original, &[])?;
/// let batches = [Feeds::from([("input", image.clone())])];
/// let prepared = pipeline::prepare(&original, &output, &PrepareOptions::default(), Some(&batches))?;
/// let config = pipeline::default_config(&prepared, 1, true)?;
/// let outputs = Outputs::new(save_path)?;
/// let evaluator = FirstValue(image.clone());
/// let job = AutoCalibration::new(&original, &prepared, &config, &batches, &outputs, &evaluator);
/// # let log = directory.path().join("amct_log");
/// # let job = AutoCalibration { log_directory: &log, ..job };
/// let report = accuracy_based_auto_calibration(job)?;
/// assert_eq!(report.verdict, Verdict::Met);
/// assert!(outputs.quantized_pb().exists());
/// # Ok(())
/// # }
/// ```
pub fn accuracy_based_auto_calibration(job: AutoCalibration<'_>) -> Result<AutoReport, Error> {
    job.run()
}
