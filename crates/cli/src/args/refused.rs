//! Options of AMCT's that amct knows and refuses, each with what to do instead.
//!
//! A value is refused while it is parsed, before anything is said of other options.

use std::convert::Infallible;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct RefusedArgs {
    /// Not supported: a Python file with an evaluator
    #[arg(long, value_name = "PY", hide = true, value_parser = evaluator)]
    #[allow(dead_code, reason = "it has no value")]
    evaluator: Option<Infallible>,

    /// Not supported: a compression feature
    #[arg(long, value_name = "FEATURE", hide = true, value_parser = feature)]
    #[allow(dead_code, reason = "it has no value")]
    feature: Option<Infallible>,

    /// Not supported: a GPU
    #[arg(long = "gpu_id", alias = "gpu-id", value_name = "ID", hide = true, value_parser = gpu_id)]
    #[allow(dead_code, reason = "it has no value")]
    gpu_id: Option<Infallible>,
}

fn evaluator(_: &str) -> Result<Infallible, String> {
    Err("an evaluator is a Python program, and amct runs no Python; write the batches that it feeds as \
         raw files and give --input_shape, --data_dir and --data_types; to quantize by accuracy use `auto`"
        .to_owned())
}

fn feature(_: &str) -> Result<Infallible, String> {
    Err("its values are not public; `calibration` does post-training quantization, leave the option out"
        .to_owned())
}

fn gpu_id(_: &str) -> Result<Infallible, String> {
    Err("AMCT has it for Caffe only, and amct runs on the CPU; leave the option out".to_owned())
}
