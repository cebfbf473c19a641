//! AMCT's function of this name: a model of quantization-aware training makes a quantized model.

use std::path::Path;

use amct_artifacts::atomic::FileSet;

use crate::pipeline::{self, Artifacts, Outputs, prepare_qat};
use crate::{Error, graphdef, signature};

/// AMCT's `convert_qat_model`: the graph of quantization-aware training, with fake quantization, to
/// one that runs quantized on Ascend. No data is needed: training has found the ranges.
///
/// `outputs` are nodes of the frozen graph in `pb_model`, `name` or `name:slot` (its only leaf if
/// none is given). Written are `<save_path>_quantized.pb`, `<save_path>_quant.json`, and, if a
/// `record_file` is named, the factors as a record; all of them, or none. Files that are there
/// are overwritten. The names of the outputs are returned; they are those asked for.
///
/// How fake quantization becomes scales is told at [`prepare_qat`].
///
/// ```
/// # use amct::graph::{AttrValue, Graph, GraphMeta, Node, TensorLiteral, type_code};
/// # use amct::tensor::{DType, Tensor};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let constant = |name: &str, tensor: Tensor| {
/// #     let value = AttrValue::tensor(TensorLiteral::encode(&tensor));
/// #     let attrs = [("dtype", AttrValue::Type(type_code(tensor.dtype()))), ("value", value)];
/// #     node(name, "Const", &[], attrs.into())
/// # };
/// # fn node(name: &str, op: &str, inputs: &[&str], attrs: Vec<(&str, AttrValue)>) -> (Node, Vec<String>) {
/// #     let attrs = attrs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
/// #     let node = Node { name: name.into(), op: op.into(), attrs, ..Node::default() };
/// #     (node, inputs.iter().map(|&input| input.to_owned()).collect())
/// # }
/// # let float = || AttrValue::Type(type_code(DType::F32));
/// # let graph = Graph::from_named(
/// #     [
/// #         node("x", "Placeholder", &[], vec![("dtype", float())]),
/// #         node("x/quant", "FakeQuantWithMinMaxArgs", &["x"], vec![]),
/// #         constant("w", Tensor::from_vec([2, 1], vec![0.5_f32, -1.0])?),
/// #         constant("min", Tensor::scalar(-1.0_f32)),
/// #         constant("max", Tensor::scalar(1.0_f32)),
/// #         node("w/quant", "FakeQuantWithMinMaxVars", &["w", "min", "max"], vec![]),
/// #         node("fc/MatMul", "MatMul", &["x/quant", "w/quant"], vec![("T", float())]),
/// #     ],
/// #     GraphMeta::default(),
/// # )?;
/// # let directory = tempfile::tempdir()?;
/// # let qat_pb = directory.path().join("qat.pb");
/// # std::fs::write(&qat_pb, amct::graphdef::encode(&graph)?)?;
/// # let save_path = directory.path().join("model").display().to_string();
/// # let record = directory.path().join("record.txt");
/// use amct::amct_api::convert_qat_model;
///
/// // `qat_pb` is the path of a frozen graph with one layer, `fc/MatMul`.
/// let outputs = convert_qat_model(&qat_pb, &["fc/MatMul".to_owned()], &save_path, Some(&record))?;
/// assert_eq!(outputs, ["fc/MatMul"]);
///
/// let record = amct::record::Record::read(&record)?;
/// assert_eq!(record.entries[0].key, "fc/MatMul");
/// assert_eq!(record.entries[0].scale_d, Some(12.0 / 255.0));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A model that cannot be read or converted (see [`prepare_qat`]), unknown outputs, a file that
/// cannot be written.
pub fn convert_qat_model(
    pb_model: &Path,
    outputs: &[String],
    save_path: &str,
    record_file: Option<&Path>,
) -> Result<Vec<String>, Error> {
    let path = Outputs::new(save_path)?;
    let original = graphdef::load(pb_model)?;
    let outputs = signature::outputs(&original, outputs)?;
    let (prepared, record) = prepare_qat(&original, &outputs)?;
    let quantized = pipeline::quantize(&prepared, &record, path.prefix())?;

    let mut files = FileSet::new();
    if let Some(record_file) = record_file {
        files.stage(record_file, record.to_text().as_bytes())?;
    }
    let encoded = Artifacts { quantized: &quantized, config: None, record: None }.encode()?;
    path.stage(&encoded, &mut files)?;
    files.commit()?;
    log::info!(target: "convert_qat_model", "The model is saved in {}", path.quantized_pb().display());
    Ok(outputs)
}
