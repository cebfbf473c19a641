use std::path::PathBuf;

use amct::graph::Graph;
use amct::interface;
use clap::Args;

/// The model of the commands that quantize it.
#[derive(Debug, Args)]
pub(crate) struct FloatModelArgs {
    /// Frozen float model, a binary GraphDef
    #[arg(long, value_name = "PB", default_value = "model/mobilenetv2_tf.pb")]
    pub(crate) model: PathBuf,

    /// Output node, possibly with :SLOT; may be repeated [default: the graph's only leaf]
    #[arg(long, value_name = "NODE")]
    output: Vec<String>,
}

impl FloatModelArgs {
    /// The graph and its outputs.
    pub(crate) fn load(&self) -> Result<(Graph, Vec<String>), amct::Error> {
        let graph = amct::graphdef::load(&self.model)?;
        let outputs = interface::outputs(&graph, &self.output)?;
        Ok((graph, outputs))
    }
}
