//! `amct inspect`: what a model is and what can be done with it.

use std::path::Path;

use amct::inspect::{Input, Inspection, inspect};
use amct_interpreter::UnsupportedOp;
use amct_rewrite::qat::FAKE_QUANT_OPS;
use serde_json::{Value, json};

use crate::Outcome;
use crate::args::InspectArgs;
use crate::error::CliError;
use crate::output::Out;

pub(crate) fn run(args: &InspectArgs, out: &mut Out) -> Result<Outcome, CliError> {
    if let Some(file) = &args.om_json {
        return super::compiled::run(args, file, out);
    }
    let Some(path) = &args.model else {
        return Err(CliError::Usage("no model is given".to_owned()));
    };
    let graph = amct::graphdef::load(path)?;
    let shapes = args.input_shape.iter().flat_map(|shapes| shapes.0.iter().cloned()).collect();
    let inspection = inspect(&graph, &args.output, &shapes)?;
    if args.json {
        writeln!(out, "{:#}", to_json(&inspection));
    } else {
        print_text(path, &inspection, out);
    }
    Ok(Outcome::Done)
}

fn shape_text(input: &Input) -> String {
    let dim = |size: &Option<usize>| size.map_or("?".to_owned(), |size| size.to_string());
    match &input.shape {
        Some(sizes) => format!("[{}]", sizes.iter().map(dim).collect::<Vec<_>>().join(", ")),
        None => "of unknown shape".to_owned(),
    }
}

fn print_text(model: &Path, inspection: &Inspection, out: &mut Out) {
    writeln!(out, "inputs");
    for input in &inspection.inputs {
        let dtype = input.dtype.map_or("?", |dtype| dtype.name());
        let default = if input.has_default { " (has a default)" } else { "" };
        writeln!(out, "  {}: {dtype} {}{default}", input.name, shape_text(input));
    }
    writeln!(out, "outputs");
    for output in &inspection.outputs {
        writeln!(out, "  {output}");
    }
    writeln!(out, "operators");
    let mut ops: Vec<(&String, &usize)> = inspection.ops.iter().collect();
    ops.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    for (op, count) in ops {
        writeln!(out, "  {count:>5} {op}");
    }
    writeln!(out, "parameters: {}", inspection.parameters);
    match (&inspection.macs, &inspection.not_run) {
        (Some(macs), _) => writeln!(out, "multiply-accumulates: {macs} at {:?}", inspection.shapes),
        (None, Some(reason)) => {
            writeln!(out, "multiply-accumulates: unknown, {}", crate::remedy::not_run(reason));
        }
        (None, None) => writeln!(out, "multiply-accumulates: unknown"),
    }
    if !inspection.unsupported.is_empty() {
        writeln!(out, "operators that amct cannot run");
        for UnsupportedOp { op, node, count, .. } in &inspection.unsupported {
            writeln!(out, "  {op}: {count} node(s), the first is '{node}'");
        }
    }
    writeln!(out, "quantizable layers: {}", inspection.quantizable.len());
    for (layer, op) in &inspection.quantizable {
        writeln!(out, "  {op} '{layer}'");
    }
    if !inspection.not_quantizable.is_empty() {
        writeln!(out, "layers that cannot be quantized: {}", inspection.not_quantizable.len());
        for (layer, op, reason) in &inspection.not_quantizable {
            writeln!(out, "  {op} '{layer}': {reason}");
        }
    }
    if !inspection.not_int8.is_empty() {
        writeln!(out, "layers that ATC does not run in int8, or refuses: {}", inspection.not_int8.len());
        for (layer, op, reason) in &inspection.not_int8 {
            writeln!(out, "  {op} '{layer}': {reason}");
        }
    }
    writeln!(out, "to go on");
    for line in proposals(model, inspection) {
        writeln!(out, "  {line}");
    }
}

/// Command lines that fit the model, to copy.
fn proposals(model: &Path, inspection: &Inspection) -> Vec<String> {
    let model = model.display();
    let inputs = inspection.inputs.iter().filter(|input| !input.has_default);
    let fed: String = inputs.clone().map(|input| format!(" --input {}=FILE.npy", input.name)).collect();
    let outputs: String = inspection.outputs.iter().map(|name| format!(" --output {name}")).collect();
    let mut lines = vec![format!("amct run {model}{fed}{outputs}")];
    let tensors = inspection.outputs.iter().map(|name| tensor_name(name)).collect::<Vec<_>>().join(";");
    if FAKE_QUANT_OPS.iter().any(|op| inspection.ops.contains_key(*op)) {
        lines.push(format!("amct convert --model {model} --outputs \"{tensors}\" --save_path outputs/model"));
    } else if !inspection.quantized && !inspection.quantizable.is_empty() {
        if inputs.clone().count() == 1 {
            lines.push(format!(
                "amct quantize --model {model}{outputs} --calibration DIR --save-path outputs/model"
            ));
        }
        let shapes: Vec<String> = inputs.clone().map(shape_argument).collect();
        let repeated = |text: &str| vec![text; shapes.len()].join(";");
        lines.push(format!(
            "amct calibration --model {model} --outputs \"{tensors}\" --input_shape \"{}\" --data_dir \"{}\" \
             --data_types \"{}\" --save_path outputs/model",
            shapes.join(";"),
            repeated("DIR/"),
            inputs
                .map(|input| input.dtype.map_or("float32", |dtype| dtype.name()))
                .collect::<Vec<_>>()
                .join(";"),
        ));
    }
    lines
}

fn tensor_name(name: &str) -> String {
    if name.contains(':') { name.to_owned() } else { format!("{name}:0") }
}

fn shape_argument(input: &Input) -> String {
    let dim = |size: &Option<usize>| size.map_or("N".to_owned(), |size| size.to_string());
    let sizes = input
        .shape
        .as_ref()
        .map_or("N,H,W,C".to_owned(), |sizes| sizes.iter().map(dim).collect::<Vec<_>>().join(","));
    format!("{}:{sizes}", input.name)
}

fn to_json(inspection: &Inspection) -> Value {
    json!({
        "inputs": inspection.inputs.iter().map(|input| json!({
            "name": input.name,
            "dtype": input.dtype.map(|dtype| dtype.name()),
            "shape": input.shape,
            "has_default": input.has_default,
        })).collect::<Vec<_>>(),
        "outputs": inspection.outputs,
        "ops": inspection.ops,
        "parameters": inspection.parameters,
        "macs": inspection.macs,
        "macs_at": inspection.shapes,
        "not_run": inspection.not_run.as_ref().map(crate::remedy::not_run),
        "unsupported_ops": inspection.unsupported.iter().map(|unsupported| json!({
            "op": unsupported.op,
            "node": unsupported.node,
            "count": unsupported.count,
        })).collect::<Vec<_>>(),
        "quantized": inspection.quantized,
        "quantizable": inspection.quantizable.iter()
            .map(|(name, op)| json!({"name": name, "op": op})).collect::<Vec<_>>(),
        "not_quantizable": inspection.not_quantizable.iter()
            .map(|(name, op, reason)| json!({"name": name, "op": op, "reason": reason}))
            .collect::<Vec<_>>(),
        "not_int8": inspection.not_int8.iter()
            .map(|(name, op, reason)| json!({"name": name, "op": op, "reason": reason}))
            .collect::<Vec<_>>(),
    })
}
