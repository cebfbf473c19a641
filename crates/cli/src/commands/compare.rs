//! `amct compare`: where the accuracy of a quantized model goes.

mod csv;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amct::compare::{CompareOptions, Comparison, Mapping, compare, compare_dumps};
use amct::data::{FileInputs, GivenInput};
use amct::report::Parts;
use amct::signature;
use amct_artifacts::quant_info::QuantInfo;
use amct_calibration::{Batches, first};
use amct_graph::quantized_layers;
use amct_interpreter::Arithmetic;
use amct_metrics::{Measure, Thresholds};
use serde_json::json;

use crate::Outcome;
use crate::args::{CompareArgs, CompareFormat};
use crate::commands::{quant_info, report};
use crate::error::CliError;
use crate::output::Out;

/// Where the sample's images are.
const SAMPLES: &str = "data/calibration";

pub(crate) fn run(args: &CompareArgs, out: &mut Out) -> Result<Outcome, CliError> {
    if args.reference.is_dir() && args.report.is_some() {
        return Err(CliError::Usage(
            "--report is about two models; of dumps take --format csv or json".to_owned(),
        ));
    }
    report::check_writable(args.report.as_deref())?;
    let (found, inputs) = match (args.reference.is_dir(), args.found.is_dir()) {
        (true, true) => (dumps(args)?, Vec::new()),
        (false, false) => models(args)?,
        _ => {
            return Err(CliError::Usage(format!(
                "'{}' and '{}' are a model and a directory; give two models or two directories of dumps",
                args.reference.display(),
                args.found.display()
            )));
        }
    };
    let thresholds = args.thresholds();
    if let Some(file) = &args.report {
        write_report(args, &found, &inputs, file)?;
    }
    match args.format {
        CompareFormat::Table => table::print(&found, &thresholds, args, out),
        CompareFormat::Csv => csv::print(&found, out),
        CompareFormat::Json => print_json(&found, &thresholds, out)?,
    }
    Ok(if missed(&found, &thresholds).is_empty() { Outcome::Done } else { Outcome::Refused })
}

/// The nodes beyond the thresholds, in the order of the graph, with what is.
fn missed<'a>(found: &'a Comparison, thresholds: &Thresholds) -> Vec<(&'a str, Vec<Measure>)> {
    let nodes = found.nodes.iter().map(|node| (node.node.as_str(), thresholds.missed(&node.errors)));
    nodes.filter(|(_, missed)| !missed.is_empty()).collect()
}

/// The comparison and the files of the inputs.
fn models(args: &CompareArgs) -> Result<(Comparison, Vec<PathBuf>), CliError> {
    let arithmetic = args.semantics.arithmetic(false).unwrap_or_default();
    let float = amct::graphdef::load(&args.reference)?;
    let mut quantized = amct::graphdef::load(&args.found)?;
    let outputs = signature::outputs(&float, &args.output)?;
    let outlets = signature::outlets(&float, &outputs)?;
    if let Some(file) = &args.om_json {
        let ends = signature::outlets(&quantized, &signature::outputs(&quantized, &args.output)?)?;
        super::compiled::read(file)?.apply(&mut quantized, &ends)?;
    }
    let given = if args.input.is_empty() {
        vec![GivenInput { name: None, path: PathBuf::from(SAMPLES) }]
    } else {
        args.input.clone()
    };
    let known: Vec<String> =
        signature::inputs(&float, &outlets)?.into_iter().map(|id| float.node(id).name.clone()).collect();
    let normalization = args.normalization.build()?;
    let inputs = FileInputs::new(&float, &outlets, &known, &given, args.size, normalization)?;
    let count = args.limit.map_or(inputs.len(), |limit| limit.get().min(inputs.len()));
    let wanted = first(&inputs, count)?;
    if let (Arithmetic::Device(device), None, false) = (arithmetic, &args.om_json, args.no_rollback) {
        let ends = signature::outputs(&quantized, &args.output)?;
        let whole = quantized_layers(&quantized).len();
        super::compiled::roll_back(&mut quantized, &ends, &wanted, device)?;
        if whole > 0 && quantized_layers(&quantized).is_empty() {
            return Err(CliError::Usage(format!(
                "ATC gives all {whole} quantized layer(s) of '{}' back to float16 for {device}, so nothing is \
                 left to compare; --no-rollback runs them in int8",
                args.found.display()
            )));
        }
    }
    let info = quant_info::file(args.quant_json.as_deref(), &args.found).map(QuantInfo::read).transpose()?;
    let options =
        CompareOptions::default().with_arithmetic(arithmetic).with_info(info).with_outputs(&outputs);
    let found = compare(&float, &quantized, &options, &wanted)?;
    let files = (0..count).flat_map(|index| inputs.files(index).map(|(_, file)| file.to_owned()));
    Ok((found, files.collect()))
}

/// The page about two models.
fn write_report(
    args: &CompareArgs,
    found: &Comparison,
    inputs: &[PathBuf],
    file: &Path,
) -> Result<(), CliError> {
    // Written with the model, it says how the model came about.
    let config = args.found.with_file_name("config.json");
    let config = Some(config).filter(|config| config.is_file());
    let configuration = config.as_ref().map(std::fs::read_to_string).transpose();
    let configuration = configuration.map_err(|error| {
        let path = config.clone().unwrap_or_default();
        CliError::File {
            what: "configuration beside the quantized model",
            path,
            source: error.into(),
            remedy: None,
        }
    })?;
    let further = quant_info::file(args.quant_json.as_deref(), &args.found)
        .into_iter()
        .map(|path| ("quantization info", path));
    let compiled = args.om_json.iter().map(|path| ("compiled model", path.clone()));
    let config = config.map(|path| ("configuration beside the quantized model", path));
    let models = [("float model", args.reference.clone()), ("quantized model", args.found.clone())];
    let name = args.found.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let parts = Parts {
        title: name,
        command: report::command_line(),
        comparison: found,
        inputs: report::names(inputs),
        losses: BTreeMap::new(),
        effects: None,
        prediction: None,
        configuration,
        files: report::files(models.into_iter().chain(further).chain(compiled).chain(config), inputs),
    };
    Ok(report::write(file, parts)?)
}

fn dumps(args: &CompareArgs) -> Result<Comparison, amct::Error> {
    let files = [&args.om_json, &args.quant_json].into_iter().flatten();
    let files = files.filter(|file| *file != Path::new("none"));
    let mapping = Mapping(files.map(QuantInfo::read).collect::<Result<_, _>>()?);
    compare_dumps(&args.reference, &args.found, &mapping)
}

fn print_json(found: &Comparison, thresholds: &Thresholds, out: &mut Out) -> Result<(), CliError> {
    let beyond = missed(found, thresholds);
    let beyond: Vec<_> =
        beyond.iter().map(|(node, measures)| json!({ "node": node, "measures": measures })).collect();
    let found = serde_json::to_value(found)
        .map_err(|error| amct::Error::from(amct_tensor::internal!("a comparison is no JSON: {error}")))?;
    writeln!(out, "{:#}", json!({ "thresholds": thresholds, "beyond": beyond, "comparison": found }));
    Ok(())
}
