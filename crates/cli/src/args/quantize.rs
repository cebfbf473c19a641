use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::images::CalibrationImageArgs;

#[derive(Debug, Args)]
pub(crate) struct QuantizeArgs {
    /// Frozen float model, a binary GraphDef
    #[arg(long, value_name = "PB", default_value = "model/mobilenetv2_tf.pb")]
    pub(crate) model: PathBuf,

    /// Output node, possibly with :SLOT; may be repeated [default: the graph's only leaf]
    #[arg(long, value_name = "NODE")]
    pub(crate) output: Vec<String>,

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

    /// Threads to use; does not change the result [default: all cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}
