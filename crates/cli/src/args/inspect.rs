use std::path::PathBuf;

use clap::Args;

use super::parse::{self, List};

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Model, a binary GraphDef
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,

    /// Output node to inspect for, possibly with :SLOT; may be repeated [default: all leaves]
    #[arg(long, value_name = "NODE")]
    pub(crate) output: Vec<String>,

    /// Shapes of inputs with free dimensions, for counting the work: "in1:1,224,224,3;in2:1,10"
    #[arg(long = "input-shape", visible_alias = "input_shape", value_name = "SHAPES", value_parser = parse::input_shapes)]
    pub(crate) input_shape: Option<List<(String, Vec<usize>)>>,

    /// Print JSON for a machine
    #[arg(long)]
    pub(crate) json: bool,
}
