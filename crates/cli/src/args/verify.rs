use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Quantized model, a binary GraphDef
    #[arg(value_name = "QUANTIZED_PB")]
    pub(crate) model: PathBuf,

    /// The float model it was made from: what is outside the quantized layers must be the same
    #[arg(long, value_name = "FLOAT_PB")]
    pub(crate) original: Option<PathBuf>,

    /// Which node stands for which: the file written with the quantized model; "none" to go by the two models
    /// [default: PREFIX_quant.json beside PREFIX_quantized.pb, if it is there]
    #[arg(long, visible_alias = "quant_json", value_name = "JSON", requires = "original")]
    pub(crate) quant_json: Option<PathBuf>,

    /// How to print violations
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One line each
    Text,
    /// A JSON array
    Json,
}
