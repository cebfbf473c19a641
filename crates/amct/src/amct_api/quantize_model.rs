//! AMCT's function of this name: makes a model ready for calibration, calibrates it and writes the record.

use std::path::{Path, PathBuf};

use amct_artifacts::atomic;
use amct_artifacts::config::QuantConfig;
use amct_artifacts::record::Record;
use amct_calibration::{Batches, Progress, first};
use amct_graph::{Graph, LayerKind};

use crate::pipeline::{self, CalibrateOptions, PrepareOptions, graph_layers};
use crate::{Error, signature};

/// A model that waits for calibration data; see [`quantize_model`].
#[derive(Clone, Debug)]
pub struct CalibrationModel {
    original: Graph,
    outputs: Vec<String>,
    config: QuantConfig,
    options: PrepareOptions,
    record_file: PathBuf,
}

/// AMCT's `quantize_model`: makes a float graph ready for calibration as `config_file` says, and
/// creates the record file, which is empty until then.
///
/// AMCT inserts operators that gather data while the user runs the graph, and answers with the
/// variables that they use; here [`CalibrationModel::calibrate`] runs the graph itself. The graph
/// given is not changed. `outputs` are its nodes, `name` or `name:slot` (its only leaf if none is
/// given).
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::path::Path;
///
/// use amct::model::Feeds;
/// use amct::tensor::Tensor;
/// use amct::amct_api::{quantize_model, save_model};
///
/// # let directory = tempfile::tempdir()?;
/// # let config = directory.path().join("config.json");
/// # let record = directory.path().join("record.txt");
/// # let save_path = directory.path().join("mobilenet_v2").display().to_string();
/// # std::fs::write(&config, r#"{"batch_num":1,"MobilenetV2/Conv/Conv2D":{"quant_enable":true}}"#)?;
/// let model = Path::new("model/mobilenetv2_tf.pb");
/// let graph = amct::graphdef::load(model)?;
/// let calibration = quantize_model(&graph, &config, &record, &[])?;
///
/// let image = Feeds::from([("input", Tensor::full([1, 224, 224, 3], 0.5_f32)?)]);
/// calibration.calibrate(&[image], &|_| {})?;
/// save_model(model, &[], &record, &save_path)?;
/// # assert!(std::fs::read_to_string(&record)?.contains("MobilenetV2/Conv/Conv2D"));
/// # assert!(Path::new(&format!("{save_path}_quantized.pb")).exists());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A graph that holds AMCT's layers already or cannot be quantized, unknown outputs, a configuration
/// that is damaged or does not fit the graph ([`Error::Config`], [`Error::ConfigFile`]), a record
/// file that cannot be written.
pub fn quantize_model(
    graph: &Graph,
    config_file: &Path,
    record_file: &Path,
    outputs: &[String],
) -> Result<CalibrationModel, Error> {
    let outputs = signature::outputs(graph, outputs)?;
    let config = QuantConfig::read(config_file)?;
    let options = PrepareOptions {
        do_fusion: config.do_fusion,
        skip_fusion_layers: config.skip_fusion_layers.iter().cloned().collect(),
    };
    let prepared = pipeline::prepare(graph, &outputs, &options, None)?;
    config.check_graph(&graph_layers(&prepared), &LayerKind::foldable_ops())?;
    atomic::write(record_file, b"")?;
    Ok(CalibrationModel {
        original: graph.clone(),
        outputs,
        config,
        options,
        record_file: record_file.to_owned(),
    })
}

impl CalibrationModel {
    /// The number of batches that the configuration asks for.
    pub fn batch_num(&self) -> usize {
        usize::try_from(self.config.batch_num).unwrap_or(usize::MAX)
    }

    /// The outputs, which are those asked for.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// Runs the graph on the first [`batch_num`](Self::batch_num) batches, and writes the factors
    /// found to the record file.
    ///
    /// # Errors
    /// Fewer batches than that, a graph that does not run on them, values that cannot be quantized
    /// (the layer is named), a record file that cannot be written.
    pub fn calibrate(
        &self,
        batches: &dyn Batches,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Record, Error> {
        let batches = first(batches, self.batch_num())?;
        let prepared = pipeline::prepare(&self.original, &self.outputs, &self.options, Some(&batches))?;
        let mut config = self.config.clone();
        config.resolve(&graph_layers(&prepared));
        let options = CalibrateOptions::default().with_progress(progress);
        let record = pipeline::calibrate(&prepared, &config, &batches, &options)?.record;
        record.write(&self.record_file)?;
        Ok(record)
    }
}
