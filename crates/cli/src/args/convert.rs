use std::path::PathBuf;

use clap::Args;

use super::parse::{self, List};

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// Frozen model of quantization-aware training, a binary GraphDef
    #[arg(long, value_name = "PB")]
    pub(crate) model: PathBuf,

    /// Output tensors, "a/b:0;c:0"
    #[arg(long, value_name = "NAMES", value_parser = parse::tensor_names)]
    pub(crate) outputs: List<String>,

    /// Directory and file-name prefix of the results
    #[arg(long = "save_path", visible_alias = "save-path", value_name = "PREFIX")]
    pub(crate) save_path: String,

    /// File to write the factors to, as a record
    #[arg(long = "record_file", visible_alias = "record-file", value_name = "FILE")]
    pub(crate) record_file: Option<PathBuf>,
}
