use std::path::PathBuf;

use amct::job::Job;
use amct_graph::Graph;
use clap::Args;

use crate::progress;

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
    pub(crate) fn load(&self) -> Result<Graph, amct::Error> {
        Ok(amct::graphdef::load(&self.model)?)
    }

    /// The job on the graph that was loaded.
    pub(crate) fn job<'a>(&self, graph: &'a Graph) -> Result<Job<'a>, amct::Error> {
        Ok(Job::new(graph, &self.output)?.with_progress(&progress::calibration))
    }
}
