//! `amct convert`: a model of quantization-aware training, as AMCT's command line converts it.

use amct::amct_api::convert_qat_model;

use crate::Outcome;
use crate::args::ConvertArgs;
use crate::error::CliError;

pub(crate) fn run(args: &ConvertArgs) -> Result<Outcome, CliError> {
    convert_qat_model(&args.model, &args.outputs.0, &args.save_path, args.record_file.as_deref())?;
    Ok(Outcome::Done)
}
