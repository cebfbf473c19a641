//! The arguments of `amct compare`, with its thresholds and formats.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use amct::compare::Rank;
use amct::data::GivenInput;
use amct_metrics::{Measure, Thresholds};
use clap::{Args, ValueEnum};

use super::images::NormalizationArgs;
use super::parse::{self, Threshold};
use super::semantics::{Semantics, semantics};

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Float model, a binary GraphDef; or a directory of its dumps (.npy)
    #[arg(value_name = "FLOAT")]
    pub(crate) reference: PathBuf,

    /// Quantized model; or a directory of dumps to judge by those of the first
    #[arg(value_name = "QUANTIZED")]
    pub(crate) found: PathBuf,

    /// Input: an image, an array (.npy), or a directory of such files, each a sample; NAME may be left
    /// out if there is one input [default: data/calibration]
    #[arg(long, value_name = "[NAME=]PATH", value_parser = parse::given_input)]
    pub(crate) input: Vec<GivenInput>,

    /// Samples to use, from the first [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<NonZeroUsize>,

    /// Output of the float model, possibly with :SLOT; may be repeated [default: the graph's only leaf]
    #[arg(long, value_name = "NODE")]
    pub(crate) output: Vec<String>,

    /// Which node stands for which: the file written with the quantized model; "none" to go by names
    /// [default: PREFIX_quant.json beside PREFIX_quantized.pb, if it is there]
    #[arg(long, visible_alias = "quant_json", value_name = "JSON")]
    pub(crate) quant_json: Option<PathBuf>,

    /// ATC's dump of the compiled model (atc --mode=1): compare what runs in float on the device in float;
    /// for dumps of a device, which nodes were fused
    #[arg(long = "om-json", visible_alias = "om_json", value_name = "JSON")]
    pub(crate) om_json: Option<PathBuf>,

    /// Whose arithmetic to compute the quantized model in: TensorFlow's with AMCT's kernels, or as far as
    /// it is public that of a chip
    #[arg(long, value_name = "NAME", default_value = "tf", value_parser = semantics())]
    pub(crate) semantics: Semantics,

    /// With a chip's semantics: run every quantized layer in int8, also those that ATC is known to give back
    /// to float16
    #[arg(long = "no-rollback", visible_alias = "no_rollback", conflicts_with = "om_json")]
    pub(crate) no_rollback: bool,

    /// Size of an image where the graph leaves it free, width x height
    #[arg(long, value_name = "WxH", value_parser = parse::size)]
    pub(crate) size: Option<(usize, usize)>,

    #[command(flatten)]
    pub(crate) normalization: NormalizationArgs,

    #[command(flatten)]
    thresholds: ThresholdArgs,

    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: CompareFormat,

    /// Which error makes a layer the worst
    #[arg(long, value_name = "ERROR", default_value = "total")]
    pub(crate) by: RankArg,

    /// Rows of the table, the worst first; 0 for all
    #[arg(long, value_name = "N", default_value = "20")]
    pub(crate) worst: usize,

    /// List every node in the table, and not only the quantized layers
    #[arg(long)]
    pub(crate) nodes: bool,

    /// File to write a report to: one HTML page with tables and charts
    #[arg(long, value_name = "HTML")]
    pub(crate) report: Option<PathBuf>,

    /// Threads to use; does not change the result [default: all cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// From which value on a node is beyond the thresholds, which makes the exit code 1.
#[derive(Debug, Args)]
struct ThresholdArgs {
    /// Least cosine, or "none" [default: 0.99, as msaccucmp's adviser]
    #[arg(long, visible_alias = "min_cosine", value_name = "X", value_parser = parse::threshold)]
    min_cosine: Option<Threshold>,

    /// Largest relative Euclidean distance, or "none" [default: 0.05, as msit's analyser]
    #[arg(long, visible_alias = "max_relative_euclidean", value_name = "X", value_parser = parse::threshold)]
    max_relative_euclidean: Option<Threshold>,

    /// Largest Kullback-Leibler divergence, or "none" [default: 0.005, as msit's analyser]
    #[arg(long, visible_alias = "max_kl", value_name = "X", value_parser = parse::threshold)]
    max_kl: Option<Threshold>,

    /// Largest root mean square error, or "none" [default: 1.0, as msit's analyser]
    #[arg(long, visible_alias = "max_rmse", value_name = "X", value_parser = parse::threshold)]
    max_rmse: Option<Threshold>,

    /// Largest mean relative error, or "none" [default: 1.0, as msit's analyser]
    #[arg(long, visible_alias = "max_mean_relative", value_name = "X", value_parser = parse::threshold)]
    max_mean_relative: Option<Threshold>,

    /// Least signal to noise ratio in dB, or "none" [default: none]
    #[arg(long, visible_alias = "min_sqnr", value_name = "DB", value_parser = parse::threshold, allow_hyphen_values = true)]
    min_sqnr: Option<Threshold>,
}

impl CompareArgs {
    pub(crate) fn thresholds(&self) -> Thresholds {
        let given = &self.thresholds;
        let mut thresholds = Thresholds::default();
        for (measure, given) in [
            (Measure::Cosine, given.min_cosine),
            (Measure::RelativeEuclidean, given.max_relative_euclidean),
            (Measure::Kl, given.max_kl),
            (Measure::Rmse, given.max_rmse),
            (Measure::MeanRelative, given.max_mean_relative),
            (Measure::SqnrDb, given.min_sqnr),
        ] {
            if let Some(Threshold(threshold)) = given {
                *thresholds.of(measure) = threshold;
            }
        }
        thresholds
    }
}

/// How a comparison is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompareFormat {
    /// The outputs, then the quantized layers, the worst first
    Table,
    /// msaccucmp's columns, one row per node in the order of the graph
    Csv,
    /// One JSON object with everything
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RankArg {
    /// The whole difference of its output from the float model's
    Total,
    /// What the layer adds itself: clipping, rounding and weights
    Own,
}

impl From<RankArg> for Rank {
    fn from(rank: RankArg) -> Self {
        match rank {
            RankArg::Total => Rank::Total,
            RankArg::Own => Rank::Own,
        }
    }
}
