//! AMCT's function of this name: a float model and a record make a quantized model.

use std::path::Path;

use super::from_record;
use crate::Error;
use crate::pipeline::recorded::RecordRules;

/// AMCT's `convert_model`: quantizes a float model with factors that were found elsewhere, without
/// calibration.
///
/// `outputs` are nodes of the frozen graph in `pb_model`, `name` or `name:slot` (its only leaf if
/// none is given). Layers that `record_file` has factors for are quantized: `Conv2D`, `MatMul`,
/// `AvgPool`, and without dilation `DepthwiseConv2dNative` and `Conv2DBackpropInput`. Batch norm is
/// folded into its layer first, except where the record says `skip_fusion`, so factors of weights
/// must be those of the folded ones. `<node>:<input>` quantizes an input of a `MaxPool` or `Add`.
/// Written are `<save_path>_quantized.pb` and `<save_path>_quant.json`, both or none; files that
/// are there are overwritten.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::path::Path;
///
/// use amct::amct_api::convert_model;
///
/// # let directory = tempfile::tempdir()?;
/// # let record = directory.path().join("record.txt");
/// # let save_path = directory.path().join("mobilenet_v2").display().to_string();
/// let pooling = r#"record {
///   key: "MobilenetV2/Logits/AvgPool"
///   value { scale_d: 0.0235294122 offset_d: -128 }
/// }"#;
/// std::fs::write(&record, pooling)?;
/// convert_model(Path::new("model/mobilenetv2_tf.pb"), &[], &record, &save_path)?;
///
/// let graph = amct::graphdef::load(Path::new(&format!("{save_path}_quantized.pb")))?;
/// assert!(graph.find("MobilenetV2/Logits/act_quant/AscendQuant").is_some());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A model that cannot be read or holds AMCT's layers already, unknown outputs, a record that is
/// damaged, empty, not that of the model, or has shift bits ([`Error::Record`],
/// [`Error::RecordFile`]), a bias that leaves int32, a file that cannot be written.
pub fn convert_model(
    pb_model: &Path,
    outputs: &[String],
    record_file: &Path,
    save_path: &str,
) -> Result<(), Error> {
    from_record::quantize(pb_model, outputs, record_file, save_path, RecordRules::Converted)
}
