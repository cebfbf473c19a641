//! `amct convert-model`: a float model quantized with the factors of a given record.

use amct::amct_api::convert_model;

use crate::Outcome;
use crate::args::ConvertModelArgs;
use crate::error::CliError;

pub(crate) fn run(args: &ConvertModelArgs) -> Result<Outcome, CliError> {
    let outputs: Vec<String> = args.output.iter().flat_map(|list| list.0.iter().cloned()).collect();
    convert_model(&args.model, &outputs, &args.record, &args.save_path)?;
    Ok(Outcome::Done)
}
