//! AMCT's function of this name: a float model makes a `config.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amct_artifacts::config::QuantConfig;
use amct_artifacts::config::activation::{Algorithm, IFMR};
use amct_artifacts::definition::DefinitionFile;
use amct_graph::Graph;

use crate::pipeline::{Configuration, prepare};
use crate::probe::ZeroBatch;
use crate::{Error, signature};

/// What [`create_quant_config`] may be told; what is not told is AMCT's default.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConfigOptions {
    /// Layers that are not quantized.
    pub skip_layers: Vec<String>,
    /// Batches used for calibration, at least 1; `None` means 1.
    pub batch_num: Option<u32>,
    /// Whether activations have a zero offset; `None` means true.
    pub activation_offset: Option<bool>,
    /// How activations are calibrated, with its defaults; `None` means IFMR. AMCT has no such argument.
    pub act_algo: Option<&'static Algorithm>,
    /// Path of a simplified `.cfg` file (AMCT's `config_defination`). With it the four before are
    /// ignored, as in AMCT, with a warning.
    pub config_definition: Option<PathBuf>,
    /// The graph's outputs, as `name` or `name:slot`; its only leaf if there are none. AMCT does not ask
    /// for them: its graph is a session's.
    pub outputs: Vec<String>,
    /// Shapes of inputs that leave more than the first dimension free.
    pub input_shapes: BTreeMap<String, Vec<usize>>,
}

/// AMCT's `create_quant_config`: finds every layer of a float graph that can be quantized, and writes
/// `config_file`, a `config.json` with an entry for each. A file that is there is overwritten, with
/// AMCT's warning. What was written is returned as well.
///
/// No data is needed: the graph is run once on a batch of zeros, for the shapes in it alone.
///
/// ```
/// # use amct::graph::{AttrValue, Graph, GraphMeta, Node, ShapeAttr, TensorLiteral, type_code};
/// # use amct::tensor::{DType, Tensor};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # fn node(name: &str, op: &str, inputs: &[&str], attrs: Vec<(&str, AttrValue)>) -> (Node, Vec<String>) {
/// #     let attrs = attrs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
/// #     let node = Node { name: name.into(), op: op.into(), attrs, ..Node::default() };
/// #     (node, inputs.iter().map(|&input| input.to_owned()).collect())
/// # }
/// # let float = || AttrValue::Type(type_code(DType::F32));
/// # let weights = |name: &str| {
/// #     let value = AttrValue::tensor(TensorLiteral::encode(&Tensor::full([4, 4], 0.5_f32).unwrap()));
/// #     node(name, "Const", &[], vec![("dtype", float()), ("value", value)])
/// # };
/// # let graph = Graph::from_named(
/// #     [
/// #         node("x", "Placeholder", &[], vec![("dtype", float()), ("shape", AttrValue::Shape(ShapeAttr::of([-1, 4])))]),
/// #         weights("w1"),
/// #         weights("w2"),
/// #         node("fc1/MatMul", "MatMul", &["x", "w1"], vec![("T", float())]),
/// #         node("fc2/MatMul", "MatMul", &["fc1/MatMul", "w2"], vec![("T", float())]),
/// #     ],
/// #     GraphMeta::default(),
/// # )?;
/// # let directory = tempfile::tempdir()?;
/// # let config_file = directory.path().join("config.json");
/// use amct::amct_api::{ConfigOptions, create_quant_config};
///
/// // `graph` has two layers, `fc1/MatMul` and `fc2/MatMul`.
/// let mut options = ConfigOptions::default();
/// options.skip_layers = vec!["fc2/MatMul".to_owned()];
/// options.batch_num = Some(2);
/// let config = create_quant_config(&config_file, &graph, &options)?;
/// assert!(config.layers["fc1/MatMul"].quant_enable);
/// assert!(!config.layers["fc2/MatMul"].quant_enable);
/// assert!(std::fs::read_to_string(&config_file)?.contains("\"batch_num\":2"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A graph that cannot be quantized or does not run on zeros, names that are not in it, a `.cfg` that
/// is damaged or does not fit (with line and column), a file that cannot be written.
pub fn create_quant_config(
    config_file: impl AsRef<Path>,
    graph: &Graph,
    options: &ConfigOptions,
) -> Result<QuantConfig, Error> {
    let configuration = configuration(options)?;
    let outputs = signature::outputs(graph, &options.outputs)?;
    let outlets = signature::outlets(graph, &outputs)?;
    let zeros = ZeroBatch::new(graph, &outlets, &options.input_shapes)?;
    let prepared = prepare(graph, &outputs, &configuration.prepare_options(graph)?, Some(&zeros))?;
    let config = configuration.resolve(&prepared)?;
    config.write(config_file)?;
    Ok(config)
}

fn configuration(options: &ConfigOptions) -> Result<Configuration, Error> {
    let Some(path) = &options.config_definition else {
        return Ok(Configuration::Arguments {
            skip_layers: options.skip_layers.clone(),
            batch_num: options.batch_num.unwrap_or(1),
            activation_offset: options.activation_offset.unwrap_or(true),
            act_algo: options.act_algo.unwrap_or(&IFMR),
        });
    };
    let ignored = [
        ("skip_layers", !options.skip_layers.is_empty()),
        ("batch_num", options.batch_num.is_some()),
        ("activation_offset", options.activation_offset.is_some()),
        ("act_algo", options.act_algo.is_some()),
    ];
    for (argument, _) in ignored.into_iter().filter(|(_, given)| *given) {
        log::warn!(
            target: "create_quant_config",
            "{argument} is ignored: config_defination {} is given, which takes its place", path.display()
        );
    }
    Ok(Configuration::Definition(DefinitionFile::read(path)?))
}
