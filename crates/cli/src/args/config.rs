//! The arguments of `amct config`.

use std::path::PathBuf;

use amct_artifacts::config::activation::Algorithm;
use clap::Args;

use super::parse::{self, List};

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Frozen float model, a binary GraphDef
    #[arg(long, value_name = "PB")]
    pub(crate) model: PathBuf,

    /// Output node, possibly with :SLOT; may be repeated [default: the graph's only leaf]
    #[arg(long, value_name = "NODE")]
    pub(crate) output: Vec<String>,

    /// File to write; one that is there is overwritten
    #[arg(long, visible_alias = "config_file", value_name = "OUT", default_value = "./config.json")]
    pub(crate) config_file: PathBuf,

    /// Layers that are not quantized, "a,b"
    #[arg(long, visible_alias = "skip_layers", value_name = "NAMES", value_delimiter = ',')]
    pub(crate) skip_layers: Vec<String>,

    /// Number of batches to calibrate on [default: 1]
    #[arg(long, visible_alias = "batch_num", value_name = "N")]
    pub(crate) batch_num: Option<u32>,

    /// Quantize activations symmetrically, without a zero offset
    #[arg(long, visible_alias = "no_activation_offset")]
    pub(crate) no_activation_offset: bool,

    /// How activations are calibrated; percentile and minmax are not AMCT's [default: ifmr]
    #[arg(
        long,
        visible_alias = "act_algo",
        value_name = "ALGORITHM",
        value_parser = parse::act_algo()
    )]
    pub(crate) act_algo: Option<&'static Algorithm>,

    /// Simplified configuration (.cfg); takes the place of --skip-layers, --batch-num,
    /// --no-activation-offset and --act-algo
    #[arg(
        long,
        visible_aliases = ["config_definition", "config_defination"],
        value_name = "CFG"
    )]
    pub(crate) config_definition: Option<PathBuf>,

    /// Shapes of inputs that the graph leaves free: "in1:1,224,224,3;in2:1,10"
    #[arg(long = "input-shape", visible_alias = "input_shape", value_name = "SHAPES", value_parser = parse::input_shapes)]
    pub(crate) input_shape: Option<List<(String, Vec<usize>)>>,
}
