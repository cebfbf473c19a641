//! `amct run`: a model on images or arrays.

use amct::data::FileInputs;
use amct::dump::{DumpOptions, NodePatterns, dump};
use amct::model::{Model, ModelOptions};
use amct::predict::top;
use amct::signature;
use amct_calibration::Batches;
use amct_dataset::write_npy;
use amct_graph::{Graph, op};
use amct_interpreter::{Arithmetic, Feeds};
use amct_rewrite::{FoldOptions, fold};
use amct_tensor::Tensor;

use crate::Outcome;
use crate::args::RunArgs;
use crate::error::CliError;
use crate::output::Out;

/// Values shown of each output.
const SHOWN: usize = 5;

pub(crate) fn run(args: &RunArgs, out: &mut Out) -> Result<Outcome, CliError> {
    let arithmetic = args.semantics.arithmetic(args.simulate).ok_or_else(|| {
        CliError::Usage(
            "--simulate is how TensorFlow computes; leave it out, or take --semantics tf".to_owned(),
        )
    })?;
    let mut graph = amct::graphdef::load(&args.model)?;
    let wanted: Vec<String> = args.output.iter().map(|output| output.name.clone()).collect();
    if args.fold {
        let outputs = signature::outputs(&graph, &wanted)?;
        fold(&mut graph, &FoldOptions { outputs, ..FoldOptions::default() })?;
    }
    let named: Vec<String> = args.input.iter().filter_map(|input| input.name.clone()).collect();
    let options = |arithmetic| ModelOptions::from(arithmetic).with_fed(&named);
    let mut given = None;
    match (&args.om_json, arithmetic) {
        (Some(file), _) => {
            let compiled = super::compiled::read(file)?;
            let outputs = signature::outputs(&graph, &wanted)?;
            let outlets = signature::outlets(&graph, &outputs)?;
            compiled.apply(&mut graph, &outlets)?;
        }
        (None, Arithmetic::Device(device)) if !args.no_rollback => {
            // What ATC gives back depends on the shapes that these inputs make.
            let whole = Model::new(&graph, &wanted, options(Arithmetic::Integer))?;
            let sample = feeds(args, &graph, &whole)?;
            super::compiled::roll_back(&mut graph, whole.outputs(), &std::slice::from_ref(&sample), device)?;
            given = Some(sample);
        }
        _ => {}
    }
    let model = Model::new(&graph, &wanted, options(arithmetic))?;
    if let Arithmetic::Device(_) = arithmetic {
        let quants = graph.nodes().filter(|(_, node)| node.op == op::QUANT).count();
        let fused = model.requantized().len();
        log::info!(target: "run", "{fused} of {quants} AscendQuants read the sums of the layer before them");
    }
    let feeds = match given {
        Some(feeds) => feeds,
        None => feeds(args, &graph, &model)?,
    };
    if let Some(format) = args.profile {
        super::profile::print(&model.profile(feeds, args.profile_runs)?, format, out);
        return Ok(Outcome::Done);
    }
    if let Some(directory) = &args.dump {
        let options =
            DumpOptions::new(NodePatterns::new(&args.dump_nodes)?).with_integers(args.dump_integers);
        let dumped = dump(&graph, &wanted, arithmetic, &feeds, &options, directory)?;
        for (output, reason) in &dumped.skipped {
            log::warn!(target: "dump", "'{output}' is not dumped: {reason}");
        }
        writeln!(out, "{} arrays are in {}", dumped.files, directory.display());
        return Ok(Outcome::Done);
    }
    let results = model.run(feeds)?;
    for (index, (name, result)) in model.outputs().iter().zip(&results).enumerate() {
        if let Some(file) = args.output.get(index).and_then(|output| output.file.as_deref()) {
            write_npy(file, result)?;
        }
        print_result(name, result, out);
    }
    Ok(Outcome::Done)
}

/// One sample: a file for each input.
fn feeds(args: &RunArgs, graph: &Graph, model: &Model) -> Result<Feeds, CliError> {
    let known: Vec<String> = model.inputs().into_iter().map(str::to_owned).collect();
    let outlets = signature::outlets(graph, model.outputs())?;
    let normalization = args.normalization.build()?;
    let inputs = FileInputs::new(graph, &outlets, &known, &args.input, args.size, normalization)?;
    if inputs.len() != 1 {
        return Err(CliError::Usage(format!(
            "--input names {} files for an input; a run takes one, `amct compare` many",
            inputs.len()
        )));
    }
    Ok(inputs.feeds(0)?)
}

fn print_result(name: &str, tensor: &Tensor, out: &mut Out) {
    writeln!(out, "{name}: {} {:?}", tensor.dtype(), tensor.shape());
    match tensor.as_slice::<f32>() {
        Ok(values) => {
            let classes = top(values, SHOWN);
            if let Some(first) = classes.first() {
                writeln!(out, "  arg-max: {}", first.index);
            }
            for class in classes {
                writeln!(out, "  {:>6}: {}", class.index, class.value);
            }
        }
        Err(_) => match tensor.to_i64_vec() {
            Ok(values) => {
                let shown: Vec<String> = values.iter().take(SHOWN).map(i64::to_string).collect();
                writeln!(out, "  first values: {}", shown.join(", "));
            }
            Err(_) => writeln!(out, "  {} values", tensor.len()),
        },
    }
}
