//! The command line.

mod auto;
mod calibration;
mod compare;
mod config;
mod configuration;
mod convert;
mod convert_model;
mod float_model;
mod images;
mod inspect;
mod parse;
mod quantize;
mod refused;
mod run;
mod semantics;
mod sensitivity;
mod verify;

use std::num::NonZeroUsize;

use amct_artifacts::logging::Level;
use clap::{Parser, Subcommand};

pub(crate) use auto::{AutoArgs, Metric, Sensitivity, Strategy};
pub(crate) use calibration::CalibrationArgs;
pub(crate) use compare::{CompareArgs, CompareFormat};
pub(crate) use config::ConfigArgs;
pub(crate) use convert::ConvertArgs;
pub(crate) use convert_model::ConvertModelArgs;
pub(crate) use images::CalibrationImages;
pub(crate) use inspect::InspectArgs;
pub(crate) use quantize::QuantizeArgs;
pub(crate) use run::{ProfileFormat, RunArgs};
pub(crate) use sensitivity::{SensitivityArgs, SensitivityFormat};
pub(crate) use verify::{Format, VerifyArgs};

/// Quantizes frozen TensorFlow graphs to INT8 for Huawei Ascend, as AMCT does, without TensorFlow,
/// Python or CANN; and runs the result in integer arithmetic.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, infer_long_args = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done; 1 refused (verify found violations, auto missed its target, compare \
    found more than the thresholds allow); 2 error; \
    130 interrupted. They are the same if the reader of stdout goes away, as `| head` does.\n\
    Results go to stdout, the log and progress to stderr; the commands that write a model or a \
    configuration also write ./amct_log/amct_tensorflow.log."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Least severe log lines to show on stderr: debug, info, warning or error
    #[arg(long, global = true, default_value = "info", value_name = "LEVEL")]
    pub(crate) log_level: Level,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Calibrate a float model on images and write the quantized model; with no arguments, the
    /// sample job on the shipped model
    Quantize(Box<QuantizeArgs>),
    /// Quantize as far as the accuracy allows: give the most sensitive layers back to float until the
    /// loss is acceptable
    Auto(Box<AutoArgs>),
    /// Tell what each layer's quantization does to the outputs, the most sensitive layer first
    Sensitivity(Box<SensitivityArgs>),
    /// Write the configuration of a model (config.json), to be edited and given to quantize
    Config(ConfigArgs),
    /// AMCT's own command line: calibrate on raw .bin batches
    Calibration(CalibrationArgs),
    /// Quantize a float model with the factors of a given record, without calibration
    #[command(visible_alias = "convert_model")]
    ConvertModel(ConvertModelArgs),
    /// AMCT's own command line: a model of quantization-aware training to a quantized one
    Convert(ConvertArgs),
    /// Run a float or quantized model on images or arrays
    Run(RunArgs),
    /// Tell where accuracy goes: a quantized model beside its float model, or two directories of dumps
    Compare(Box<CompareArgs>),
    /// Tell what a model is: inputs, outputs, operators, size, layers that can be quantized
    Inspect(InspectArgs),
    /// Check a quantized model against the rules of Ascend's ATC
    Verify(VerifyArgs),
}

impl Cli {
    pub(crate) fn threads(&self) -> Option<NonZeroUsize> {
        match &self.command {
            Command::Quantize(args) => args.threads,
            Command::Auto(args) => args.threads,
            Command::Sensitivity(args) => args.threads,
            Command::Calibration(args) => args.threads,
            Command::Run(args) => args.threads,
            Command::Compare(args) => args.threads,
            Command::Config(_)
            | Command::Convert(_)
            | Command::ConvertModel(_)
            | Command::Inspect(_)
            | Command::Verify(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn amcts_spelling_and_hyphens_both_parse() {
        for style in [["--save_path", "--data_dir"], ["--save-path", "--data-dir"]] {
            let [save_path, data_dir] = style;
            let cli = Cli::try_parse_from([
                "amct",
                "calibration",
                "--model=m.pb",
                "--outputs",
                "a:0;b:0",
                "--input_shape",
                "in:0:1,2,2,3",
                data_dir,
                "d/",
                "--data_types=float32",
                save_path,
                "out/m",
            ])
            .unwrap();
            let Command::Calibration(args) = cli.command else { panic!() };
            assert_eq!(args.outputs.0, ["a", "b"]);
            assert_eq!(args.input_shape.0, [("in".to_owned(), vec![1, 2, 2, 3])]);
        }
    }
}
