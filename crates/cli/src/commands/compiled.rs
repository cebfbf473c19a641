//! `amct inspect --om-json`: what ATC made of a quantized model.

use std::path::Path;

use amct::atc::{Compiled, deciding_shapes, roll_back_expected};
use amct::signature;
use amct_artifacts::compiled_model::CompiledModel;
use amct_calibration::Batches;
use amct_graph::{Graph, Outlet};
use amct_interpreter::Device;
use serde_json::{Value, json};

use crate::Outcome;
use crate::args::InspectArgs;
use crate::error::CliError;
use crate::output::Out;

pub(crate) fn run(args: &InspectArgs, file: &Path, out: &mut Out) -> Result<Outcome, CliError> {
    let compiled = read(file)?;
    if let Some(model) = &args.model {
        let graph = amct::graphdef::load(model)?;
        compiled.check(&graph, &outlets(&graph, &args.output)?)?;
    }
    if args.json {
        writeln!(out, "{:#}", to_json(&compiled));
    } else {
        print_text(&compiled, out);
    }
    Ok(Outcome::Done)
}

/// What ATC did, from its dump.
pub(super) fn read(file: &Path) -> Result<Compiled, amct::Error> {
    Ok(Compiled::of(&CompiledModel::read(file)?)?)
}

/// Gives the layers back to float that the chip's compiler will, by its public rule.
pub(super) fn roll_back(
    graph: &mut Graph,
    outputs: &[String],
    batches: &dyn Batches,
    device: Device,
) -> Result<(), amct::Error> {
    let outlets = signature::outlets(graph, outputs)?;
    let shapes = deciding_shapes(graph, &outlets, batches);
    let back = roll_back_expected(graph, &outlets, &shapes)?;
    if !back.is_empty() {
        log::warn!(
            target: "compiled",
            "{} layer(s) run in float, as ATC gives them back to float16 for {device}; --no-rollback runs them \
             in int8",
            back.len()
        );
    }
    Ok(())
}

/// The outputs asked for, or all leaves.
fn outlets(graph: &Graph, outputs: &[String]) -> Result<Vec<Outlet>, amct::Error> {
    if outputs.is_empty() {
        return Ok(graph.leaves().into_iter().map(Outlet::from).collect());
    }
    let outputs = signature::outputs(graph, outputs)?;
    Ok(signature::outlets(graph, &outputs)?)
}

fn print_text(compiled: &Compiled, out: &mut Out) {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
    writeln!(out, "compiled for {} by ATC {}", known(&compiled.soc_version), known(&compiled.atc_version));
    let back: Vec<_> = compiled.rolled_back().collect();
    writeln!(out, "quantized layers: {}", compiled.layers.len());
    writeln!(out, "run in int8: {}", compiled.layers.len() - back.len());
    for layer in compiled.layers.iter().filter(|layer| layer.is_integer()) {
        writeln!(out, "  {} '{}'", layer.op_type, layer.name);
    }
    writeln!(out, "given back to float: {}", back.len());
    for layer in back {
        writeln!(out, "  {} '{}' runs in {}", layer.op_type, layer.name, layer.data_type);
    }
    writeln!(out, "quantized activations with several readers: {}", compiled.shared.len());
    for shared in &compiled.shared {
        writeln!(out, "  '{}' for '{}'", shared.quant, shared.readers.join("', '"));
    }
}

fn to_json(compiled: &Compiled) -> Value {
    json!({
        "soc_version": compiled.soc_version,
        "atc_version": compiled.atc_version,
        "layers": compiled.layers.iter().map(|layer| json!({
            "name": layer.name,
            "op": layer.op_type,
            "dequant": layer.dequant,
            "data_type": layer.data_type,
            "int8": layer.is_integer(),
            "quant": layer.quant,
        })).collect::<Vec<_>>(),
        "shared": compiled.shared.iter().map(|shared| json!({
            "quant": shared.quant,
            "readers": shared.readers,
        })).collect::<Vec<_>>(),
    })
}
