use std::path::PathBuf;

use clap::Args;

use super::parse::{self, List};

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Model, a binary GraphDef; may be left out with --om-json
    #[arg(value_name = "MODEL", required_unless_present = "om_json")]
    pub(crate) model: Option<PathBuf>,

    /// ATC's dump of the compiled model (atc --mode=1): tell which quantized layers it runs in int8,
    /// which in float, and which share a quantized activation; with MODEL, check that it is its own
    #[arg(long = "om-json", visible_alias = "om_json", value_name = "FILE", conflicts_with = "input_shape")]
    pub(crate) om_json: Option<PathBuf>,

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
