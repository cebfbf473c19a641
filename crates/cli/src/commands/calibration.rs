//! `amct calibration`: AMCT's own command line, on raw `.bin` batches.

use amct::artifacts::config::activation::IFMR;
use amct::artifacts::definition::DefinitionFile;
use amct::calibration::Batches;
use amct::graph::{Graph, NodeId};
use amct::interface::{self, InterfaceError};
use amct::pipeline::{self, Artifacts, Configuration, Outputs};
use amct::sources::{BinBatches, BinInput};

use crate::args::CalibrationArgs;
use crate::{Outcome, progress};

pub(crate) fn run(args: &CalibrationArgs) -> Result<Outcome, amct::Error> {
    let inputs = bin_inputs(args)?;
    let outputs = Outputs::new(&args.save_path)?;
    let original = amct::graphdef::load(&args.model)?;
    let output_names = interface::outputs(&original, &args.outputs.0)?;
    let outlets = interface::outlets(&original, &output_names)?;
    check_inputs(&original, &inputs, &interface::inputs(&original, &outlets)?)?;
    let configuration = configuration(args)?;
    let batch_num = usize::try_from(configuration.batch_num()).unwrap_or(usize::MAX);
    let options = configuration.prepare_options(&original)?;
    let files = BinBatches::list(inputs, batch_num)?.converted_for(&original)?;
    outputs.check_writable()?;

    let load = |index: usize| files.feeds(index);
    let batches = Batches::new(files.count(), &load);
    let prepared = pipeline::prepare(&original, &output_names, &options, &batches)?;
    let config = configuration.resolve(&prepared)?;
    let record = pipeline::calibrate(&prepared, &config, &batches, &progress::calibration)?;
    let quantized = pipeline::quantize(&prepared, &record, outputs.prefix())?;
    outputs.save(&Artifacts { quantized: &quantized, config: &config, record: &record })?;
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
        interface::check_shape(graph, id, &input.shape)?;
    }
    let names = needed.iter().map(|&id| &graph.node(id).name);
    match names.into_iter().find(|name| inputs.iter().all(|input| input.name != **name)) {
        Some(name) => Err(InterfaceError::NotFed(name.clone()).into()),
        None => Ok(()),
    }
}

/// Puts shapes, directories and types together; there must be as many of each.
fn bin_inputs(args: &CalibrationArgs) -> Result<Vec<BinInput>, amct::Error> {
    let (shapes, dirs, types) = (&args.input_shape.0, &args.data_dir.0, &args.data_types.0);
    if shapes.len() != dirs.len() || shapes.len() != types.len() {
        return Err(amct::Error::Unsupported(format!(
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
