//! `amct config`: AMCT's `create_quant_config`.

use amct::verbs::{ConfigOptions, create_quant_config};

use crate::Outcome;
use crate::args::ConfigArgs;

pub(crate) fn run(args: &ConfigArgs) -> Result<Outcome, amct::Error> {
    let graph = amct::graphdef::load(&args.model)?;
    let options = ConfigOptions {
        skip_layers: args.skip_layers.clone(),
        batch_num: args.batch_num,
        activation_offset: args.no_activation_offset.then_some(false),
        act_algo: args.act_algo,
        config_definition: args.config_definition.clone(),
        outputs: args.output.clone(),
        input_shapes: args.input_shape.iter().flat_map(|shapes| shapes.0.iter().cloned()).collect(),
    };
    create_quant_config(&args.config_file, &graph, &options)?;
    Ok(Outcome::Done)
}
