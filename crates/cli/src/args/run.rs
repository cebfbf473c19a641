//! The arguments of `amct run`, with outputs that may name a file.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use amct::data::GivenInput;
use clap::{Args, ValueEnum};

use super::images::NormalizationArgs;
use super::parse;
use super::semantics::{Semantics, semantics};

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Float or quantized model, a binary GraphDef
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,

    /// Input: an array (.npy) or an image (.jpg, .png); NAME may be left out if there is one input
    #[arg(long, value_name = "[NAME=]FILE", required = true, value_parser = parse::given_input)]
    pub(crate) input: Vec<GivenInput>,

    /// Output node or tensor to compute, and where to write it [default: the graph's only leaf]
    #[arg(long, value_name = "NODE[:SLOT][=FILE.npy]", value_parser = output_file)]
    pub(crate) output: Vec<OutputFile>,

    /// Size of an image input where the graph leaves it free, width x height
    #[arg(long, value_name = "WxH", value_parser = parse::size)]
    pub(crate) size: Option<(usize, usize)>,

    #[command(flatten)]
    pub(crate) normalization: NormalizationArgs,

    /// Compute quantized layers in integer-valued floats, as TensorFlow simulates them
    #[arg(long)]
    pub(crate) simulate: bool,

    /// Fold batch norms, factors and summands into the layers first, as quantization does: quicker, and
    /// the same but for rounding
    #[arg(long, alias = "fuse")]
    pub(crate) fold: bool,

    /// Whose arithmetic to compute quantized layers in: TensorFlow's with AMCT's kernels, or as far as
    /// it is public that of a chip
    #[arg(long, value_name = "NAME", default_value = "tf", value_parser = semantics())]
    pub(crate) semantics: Semantics,

    /// ATC's dump of the compiled model (atc --mode=1): run in float what ATC does not run in int8
    #[arg(long = "om-json", visible_alias = "om_json", value_name = "FILE")]
    pub(crate) om_json: Option<PathBuf>,

    /// With a chip's semantics: run every quantized layer in int8, also those that ATC is known to give back
    /// to float16
    #[arg(long = "no-rollback", visible_alias = "no_rollback", conflicts_with = "om_json")]
    pub(crate) no_rollback: bool,

    /// Write every node's output to this directory, as .npy files that msaccucmp reads
    #[arg(long, value_name = "DIR", conflicts_with = "profile")]
    pub(crate) dump: Option<PathBuf>,

    /// Nodes to dump: names or patterns such as "*/Conv2D", separated by commas [default: all]
    #[arg(
        long,
        visible_alias = "dump_nodes",
        value_name = "NODES",
        value_delimiter = ',',
        requires = "dump"
    )]
    pub(crate) dump_nodes: Vec<String>,

    /// Dump what a chip holds as integers as such, int8 with its zero offset and int32, and not as the floats
    /// that TensorFlow has
    #[arg(long, visible_alias = "dump_integers", requires = "dump", conflicts_with = "simulate")]
    pub(crate) dump_integers: bool,

    /// Print the time of each node and op type instead of the outputs
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "table")]
    pub(crate) profile: Option<ProfileFormat>,

    /// Runs of a profile; the quickest of each node counts
    #[arg(long, value_name = "N", default_value = "20", requires = "profile")]
    pub(crate) profile_runs: NonZeroUsize,

    /// Threads to use; does not change the result [default: all cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// How a profile is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileFormat {
    /// Time per op type, then the slowest nodes
    Table,
    /// One JSON object with every node
    Json,
}

/// An output and perhaps a file for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputFile {
    pub(crate) name: String,
    pub(crate) file: Option<PathBuf>,
}

fn output_file(text: &str) -> Result<OutputFile, String> {
    let (name, file) = match text.split_once('=') {
        Some((name, file)) => (name, Some(file)),
        None => (text, None),
    };
    if name.is_empty() || file == Some("") {
        return Err(format!("'{text}' is not NODE=FILE.npy"));
    }
    let name = name.strip_suffix(":0").unwrap_or(name).to_owned();
    Ok(OutputFile { name, file: file.map(PathBuf::from) })
}
