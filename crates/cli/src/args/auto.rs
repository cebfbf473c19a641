//! The arguments of `amct auto`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use amct::auto::Limit;
use clap::{Args, ValueEnum};

use super::float_model::FloatModelArgs;
use super::images::CalibrationImageArgs;

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 the target is met; 1 it is not, and the best model found is left; \
    130 interrupted (SIGINT or SIGTERM), and the best model found so far is left; 2 error. \
    A second signal ends at once.")]
pub(crate) struct AutoArgs {
    #[command(flatten)]
    pub(crate) model: FloatModelArgs,

    #[command(flatten)]
    pub(crate) images: CalibrationImageArgs,

    /// Directory of images to judge a model by, with their classes in labels.txt, a line "FILE CLASS"
    /// each; without that file the float model is the judge [default: the calibration images]
    #[arg(long, value_name = "DIR")]
    pub(crate) evaluation: Option<PathBuf>,

    /// What is measured on these images [default: top1 with labels, agreement without]
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<Metric>,

    /// Command that judges a model instead: {model} is replaced by the path of a .pb, float or quantized,
    /// and the last number on its stdout is the metric, the larger the better
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["metric", "evaluation"])]
    pub(crate) evaluator: Option<String>,

    /// Loss that is accepted: in the metric's unit, or with % as a share of the float model's metric; of
    /// sqnr the noise's share of the signal's power (1% is 20 dB)
    #[arg(
        long,
        visible_alias = "max_loss",
        value_name = "LOSS[%]",
        default_value = "1%",
        allow_hyphen_values = true
    )]
    pub(crate) max_loss: Limit,

    /// How layers to give back are chosen
    #[arg(long, value_name = "NAME", default_value = "BinarySearch")]
    pub(crate) strategy: Strategy,

    /// How layers are ranked
    #[arg(long, value_name = "NAME", default_value = "CosineSimilarity")]
    pub(crate) sensitivity: Sensitivity,

    /// Ranking to use instead, as `sensitivity --ranking` or an earlier `auto` wrote it
    #[arg(long, value_name = "JSON", conflicts_with = "sensitivity")]
    pub(crate) ranking: Option<PathBuf>,

    /// Directory and file-name prefix of the results
    #[arg(
        long,
        visible_alias = "save_path",
        value_name = "PREFIX",
        default_value = "./outputs/accuracy_based_auto_calibration/mobilenet_v2"
    )]
    pub(crate) save_path: String,

    /// Threads to use; does not change the result [default: all cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Metric {
    /// Labelled images whose class is the first, in percent
    Top1,
    /// Labelled images whose class is among the first five, in percent
    Top5,
    /// Images that get the class that the float model gives them, in percent
    Agreement,
    /// Signal to quantization noise of the outputs, in dB
    Sqnr,
}

/// AMCT's spelling of its one strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strategy {
    /// Bisection over the ranked layers
    #[value(name = "BinarySearch")]
    BinarySearch,
}

/// AMCT's spelling of its one sensitivity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sensitivity {
    /// Cosine of a layer's float and quantized output
    #[value(name = "CosineSimilarity")]
    CosineSimilarity,
}
