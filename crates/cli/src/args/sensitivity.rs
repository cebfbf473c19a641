//! The arguments of `amct sensitivity`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use amct::sensitivity::{Measure, Mode};
use clap::{Args, ValueEnum};

use super::float_model::FloatModelArgs;
use super::images::CalibrationImageArgs;

#[derive(Debug, Args)]
pub(crate) struct SensitivityArgs {
    #[command(flatten)]
    pub(crate) model: FloatModelArgs,

    #[command(flatten)]
    pub(crate) images: CalibrationImageArgs,

    /// Directory of images to see the effect on [default: the calibration images]
    #[arg(long, value_name = "DIR")]
    pub(crate) evaluation: Option<PathBuf>,

    /// What is quantized to see the effect of a layer
    #[arg(long, value_name = "MODE", default_value = "alone")]
    pub(crate) mode: ModeArg,

    /// What layers are ranked by
    #[arg(long, value_name = "MEASURE", default_value = "sqnr")]
    pub(crate) by: MeasureArg,

    /// Layers named in the list to copy into skip_layers
    #[arg(long, value_name = "N", default_value = "5")]
    pub(crate) worst: usize,

    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: SensitivityFormat,

    /// File to write the ranking to, for `auto --ranking`
    #[arg(long, value_name = "JSON")]
    pub(crate) ranking: Option<PathBuf>,

    /// File to write a report to: one HTML page with tables and charts
    #[arg(long, value_name = "HTML")]
    pub(crate) report: Option<PathBuf>,

    /// Threads to use; does not change the result [default: all cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    /// The layer alone
    Alone,
    /// All layers but it
    AllButOne,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Alone => Mode::Alone,
            ModeArg::AllButOne => Mode::AllButOne,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MeasureArg {
    /// Signal to noise of the outputs, in dB
    Sqnr,
    /// Cosine of the outputs
    Cosine,
    /// Images that get the class that the float model gives them
    Agreement,
}

impl From<MeasureArg> for Measure {
    fn from(measure: MeasureArg) -> Self {
        match measure {
            MeasureArg::Sqnr => Measure::Sqnr,
            MeasureArg::Cosine => Measure::Cosine,
            MeasureArg::Agreement => Measure::Agreement,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SensitivityFormat {
    /// The layers, the most sensitive first, and a list of the worst
    Table,
    /// Comma-separated values
    Csv,
    /// One JSON array
    Json,
}
