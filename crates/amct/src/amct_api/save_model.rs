use std::path::Path;

use super::from_record;
use crate::Error;
use crate::pipeline::recorded::RecordRules;

/// AMCT's `save_model`: quantizes a float model with the factors that calibration wrote.
///
/// `pb_model` is the original model, which is folded again as it was for calibration; `outputs` are
/// its nodes, `name` or `name:slot` (its only leaf if none is given). Every kind of layer that can
/// be calibrated is taken, shift bits included. Written are `<save_path>_quantized.pb`, which both
/// TensorFlow with AMCT's operators and ATC read, and `<save_path>_quant.json`; both or none. Files
/// that are there are overwritten.
///
/// An example that goes from the float model to here is that of
/// [`quantize_model`](super::quantize_model). Given a record:
///
/// ```no_run
/// # fn main() -> Result<(), amct::Error> {
/// use std::path::Path;
///
/// let outputs = ["MobilenetV2/Predictions/Reshape_1".to_owned()];
/// let (model, record) = (Path::new("model/mobilenetv2_tf.pb"), Path::new("record.txt"));
/// amct::amct_api::save_model(model, &outputs, record, "./outputs/mobilenet_v2")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`convert_model`](super::convert_model), but that it takes more layers.
pub fn save_model(
    pb_model: &Path,
    outputs: &[String],
    record_file: &Path,
    save_path: &str,
) -> Result<(), Error> {
    from_record::quantize(pb_model, outputs, record_file, save_path, RecordRules::Calibrated)
}
