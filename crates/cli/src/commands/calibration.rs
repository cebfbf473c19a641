//! `amct calibration`: AMCT's own command line, on raw `.bin` batches.

use amct::data::{BinBatches, BinInput};
use amct::job::Job;
use amct::pipeline::{CalibrateOptions, Configuration, Outputs};
use amct::signature::{self, InterfaceError};
use amct_artifacts::config::activation::IFMR;
use amct_artifacts::definition::DefinitionFile;
use amct_graph::{Graph, NodeId};

use crate::args::CalibrationArgs;
use crate::error::CliError;
use crate::{Outcome, progress};

pub(crate) fn run(args: &CalibrationArgs) -> Result<Outcome, CliError> {
    let inputs = bin_inputs(args)?;
    let outputs = Outputs::new(&args.save_path)?;
    let original = amct::graphdef::load(&args.model)?;
    let job = Job::new(&original, &args.outputs.0)?.with_progress(&progress::calibration).save_to(outputs);
    check_inputs(&original, &inputs, &signature::inputs(&original, job.outlets())?)?;
    let configuration = configuration(args)?;
    let batch_num = usize::try_from(configuration.batch_num()).unwrap_or(usize::MAX);
    let job = job.with_configuration(configuration)?;
    let batches = BinBatches::list(inputs, batch_num)?.converted_for(&original)?;
    let calibrated = job.with_data(&batches).prepare()?.calibrate(&CalibrateOptions::default())?;
    calibrated.quantize()?.save()?;
    Ok(Outcome::Done)
}

fn configuration(args: &CalibrationArgs) -> Result<Configuration, amct::Error> {
    if let Some(path) = &args.calibration_config {
        return Ok(Configuration::Definition(DefinitionFile::read(path)?));
    }
    Ok(Configuration::Arguments {
        skip_layers: Vec::new(),
        batch_num: args.batch_num.get(),
        activation_offset: true,
        act_algo: args.act_algo.unwrap_or(&IFMR),
    })
}

/// Checks the inputs' names and shapes against the placeholders that the outputs need.
fn check_inputs(graph: &Graph, inputs: &[BinInput], needed: &[NodeId]) -> Result<(), amct::Error> {
    for (index, input) in inputs.iter().enumerate() {
        if inputs.iter().take(index).any(|other| other.name == input.name) {
            return Err(InterfaceError::InputTwice(input.name.clone()).into());
        }
        let Some(&id) = needed.iter().find(|&&id| graph.node(id).name == input.name) else {
            let names = needed.iter().map(|&id| graph.node(id).name.clone()).collect();
            return Err(InterfaceError::NotAnInput { name: input.name.clone(), inputs: names }.into());
        };
        signature::check_shape(graph, id, &input.shape)?;
    }
    let names = needed.iter().map(|&id| &graph.node(id).name);
    match names.into_iter().find(|name| inputs.iter().all(|input| input.name != **name)) {
        Some(name) => Err(InterfaceError::NotFed(name.clone()).into()),
        None => Ok(()),
    }
}

/// Puts shapes, directories and types together; there must be as many of each.
fn bin_inputs(args: &CalibrationArgs) -> Result<Vec<BinInput>, CliError> {
    let (shapes, dirs, types) = (&args.input_shape.0, &args.data_dir.0, &args.data_types.0);
    if shapes.len() != dirs.len() || shapes.len() != types.len() {
        return Err(CliError::Usage(format!(
            "--input_shape names {} input(s), --data_dir {} and --data_types {}; each input needs one of each, \
             separated by ';'",
            shapes.len(),
            dirs.len(),
            types.len()
        )));
    }
    Ok(shapes
        .iter()
        .zip(dirs)
        .zip(types)
        .map(|(((name, shape), directory), &dtype)| BinInput {
            name: name.clone(),
            shape: shape.clone(),
            dtype,
            directory: directory.clone(),
        })
        .collect())
}
