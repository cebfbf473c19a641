//! `amct config`: AMCT's `create_quant_config`.

use amct::amct_api::{ConfigOptions, create_quant_config};

use crate::Outcome;
use crate::args::ConfigArgs;
use crate::error::CliError;

pub(crate) fn run(args: &ConfigArgs) -> Result<Outcome, CliError> {
    let graph = amct::graphdef::load(&args.model)?;
    let mut options = ConfigOptions::default();
    options.skip_layers.clone_from(&args.skip_layers);
    options.batch_num = args.batch_num;
    options.activation_offset = args.no_activation_offset.then_some(false);
    options.act_algo = args.act_algo;
    options.config_definition.clone_from(&args.config_definition);
    options.outputs.clone_from(&args.output);
    options.input_shapes = args.input_shape.iter().flat_map(|shapes| shapes.0.iter().cloned()).collect();
    create_quant_config(&args.config_file, &graph, &options)?;
    Ok(Outcome::Done)
}
