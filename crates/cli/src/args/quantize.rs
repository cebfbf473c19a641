//! The arguments of `amct quantize`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::float_model::FloatModelArgs;
use super::images::CalibrationImageArgs;

#[derive(Debug, Args)]
pub(crate) struct QuantizeArgs {
    #[command(flatten)]
    pub(crate) model: FloatModelArgs,

    #[command(flatten)]
    pub(crate) images: CalibrationImageArgs,

    /// Image to predict with the original and the quantized model; "none" for no prediction
    /// [default: data/classification.jpg, if it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) test_image: Option<PathBuf>,

    /// Directory and file-name prefix of the results
    #[arg(
        long,
        visible_alias = "save_path",
        value_name = "PREFIX",
        default_value = "./outputs/mobilenet_v2"
    )]
    pub(crate) save_path: String,

    /// Balance activations against weights first (DMQ), with a strength from 0.2 to 0.8
    #[arg(long, value_name = "STRENGTH", num_args = 0..=1, default_missing_value = "0.5")]
    pub(crate) dmq: Option<f64>,

    /// Record shift bits, by one of AMCT's two searches
    #[arg(long, visible_alias = "shift_bits", value_name = "SEARCH")]
    pub(crate) shift_bits: Option<ShiftSearch>,

    /// File to write a report to: one HTML page with tables and charts
    #[arg(long, value_name = "HTML")]
    pub(crate) report: Option<PathBuf>,

    /// Threads to use; does not change the result [default: all cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// AMCT's searches of shift bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShiftSearch {
    /// SEARCH_N: integer arithmetic over all batches
    V1,
    /// SEARCH_N_V2: float errors batch by batch
    V2,
}

impl From<ShiftSearch> for amct_calibration::shift::ShiftVersion {
    fn from(search: ShiftSearch) -> Self {
        match search {
            ShiftSearch::V1 => Self::V1,
            ShiftSearch::V2 => Self::V2,
        }
    }
}
