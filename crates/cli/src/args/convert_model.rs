use std::path::PathBuf;

use clap::Args;

use super::parse::{self, List};

#[derive(Debug, Args)]
pub(crate) struct ConvertModelArgs {
    /// Frozen float model, a binary GraphDef
    #[arg(long, visible_alias = "pb_model", value_name = "PB")]
    pub(crate) model: PathBuf,

    /// Output node, possibly with :SLOT; may be repeated, or a list "a:0;b:0" [default: the graph's
    /// only leaf]
    #[arg(long, visible_alias = "outputs", value_name = "NODE", value_parser = parse::tensor_names)]
    pub(crate) output: Vec<List<String>>,

    /// Record of scales and offsets, one entry per layer to quantize
    #[arg(long, visible_aliases = ["record_file", "record-file"], value_name = "FILE")]
    pub(crate) record: PathBuf,

    /// Directory and file-name prefix of the results
    #[arg(long = "save_path", visible_alias = "save-path", value_name = "PREFIX")]
    pub(crate) save_path: String,
}
