//! The arguments of `amct calibration`, which are those of AMCT's own command line.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use amct_artifacts::config::activation::Algorithm;
use amct_tensor::DType;
use clap::Args;

use super::parse::{self, List};
use super::refused::RefusedArgs;

#[derive(Debug, Args)]
pub(crate) struct CalibrationArgs {
    /// Frozen float model, a binary GraphDef
    #[arg(long, value_name = "PB")]
    pub(crate) model: PathBuf,

    /// Output tensors, "a/b:0;c:0"
    #[arg(long, value_name = "NAMES", value_parser = parse::tensor_names)]
    pub(crate) outputs: List<String>,

    /// Inputs and the shape of a batch, "in1:32,224,224,3;in2:32,10"
    #[arg(long = "input_shape", visible_alias = "input-shape", value_name = "SHAPES", value_parser = parse::input_shapes)]
    pub(crate) input_shape: List<(String, Vec<usize>)>,

    /// Directories of raw batches, one per input: "dir1/;dir2/"
    #[arg(long = "data_dir", visible_alias = "data-dir", value_name = "DIRS", value_parser = parse::directories)]
    pub(crate) data_dir: List<PathBuf>,

    /// Element types of the raw batches, one per input: "float32;int32"
    #[arg(long = "data_types", visible_aliases = ["data-types", "data_type"], value_name = "TYPES", value_parser = parse::data_types)]
    pub(crate) data_types: List<DType>,

    /// Directory and file-name prefix of the results
    #[arg(long = "save_path", visible_alias = "save-path", value_name = "PREFIX")]
    pub(crate) save_path: String,

    /// Number of batches to calibrate on
    #[arg(long = "batch_num", visible_alias = "batch-num", value_name = "N", default_value = "1", value_parser = parse::batch_num, allow_negative_numbers = true)]
    pub(crate) batch_num: NonZeroU32,

    /// Simplified configuration (.cfg)
    #[arg(
        long = "calibration_config",
        visible_alias = "calibration-config",
        value_name = "CFG",
        conflicts_with = "batch_num"
    )]
    pub(crate) calibration_config: Option<PathBuf>,

    /// How activations are calibrated; percentile and minmax are not AMCT's [default: ifmr]
    #[arg(
        long = "act_algo",
        visible_alias = "act-algo",
        value_name = "ALGORITHM",
        value_parser = parse::act_algo(),
        conflicts_with = "calibration_config"
    )]
    pub(crate) act_algo: Option<&'static Algorithm>,

    #[command(flatten)]
    refused: RefusedArgs,

    /// Threads to use; does not change the result [default: all cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}
