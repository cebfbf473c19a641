//! `amct verify`: a quantized model against the rules of ATC.

use std::collections::BTreeMap;
use std::path::Path;

use amct::atc::deciding_shapes;
use amct::data::ZeroBatch;
use amct::pipeline::prepare_qat;
use amct::signature;
use amct::verify::verify_with_info;
use amct_artifacts::quant_info::QuantInfo;
use amct_graph::{Graph, Outlet};
use amct_rewrite::qat::is_fake_quant;
use amct_rewrite::verify::{Shapes, advise};
use amct_rewrite::{Severity, Violation, already_quantized, verify};
use serde_json::json;

use crate::Outcome;
use crate::args::{Format, VerifyArgs};
use crate::commands::quant_info;
use crate::error::CliError;
use crate::output::Out;

pub(crate) fn run(args: &VerifyArgs, out: &mut Out) -> Result<Outcome, CliError> {
    let graph = amct::graphdef::load(&args.model)?;
    if already_quantized(&graph).is_none() {
        return Err(CliError::Usage(format!(
            "model '{}' holds no AMCT layer, so there is nothing to verify; give a quantized model",
            args.model.display()
        )));
    }
    let original = args.original.as_deref().map(original).transpose()?;
    // The outputs that the original is known by must still be there.
    let known = original.as_ref().unwrap_or(&graph);
    let outputs: Vec<String> = known.leaves().into_iter().map(|id| known.node(id).name.clone()).collect();
    // An unknown output would be a violation of its own; a graph without one cannot be used.
    if outputs.is_empty() {
        signature::outputs(known, &[])?;
    }
    let mut violations = match &original {
        Some(original) => {
            let info = quant_info::file(args.quant_json.as_deref(), &args.model);
            let info = info.map(QuantInfo::read).transpose()?;
            verify_with_info(&graph, original, &outputs, info.as_ref())?
        }
        None => verify(&graph, None, &outputs),
    };
    violations.extend(advise(&graph, shapes(&graph, &outputs)));
    let count = |wanted| violations.iter().filter(|violation| violation.severity == wanted).count();
    let refused = count(Severity::Must);
    match args.format {
        Format::Json => writeln!(out, "{:#}", json!(violations.iter().map(to_json).collect::<Vec<_>>())),
        Format::Text => {
            for violation in &violations {
                writeln!(out, "{}: {violation}", severity(violation));
            }
            writeln!(
                out,
                "{}: {refused} violation(s), {} warning(s), {} note(s) in {} nodes",
                args.model.display(),
                count(Severity::Should),
                count(Severity::Note),
                graph.len()
            );
        }
    }
    Ok(if refused == 0 { Outcome::Done } else { Outcome::Refused })
}

/// The shapes that decide what ATC runs in int8, learnt from a run on zeros.
fn shapes(graph: &Graph, outputs: &[String]) -> Shapes {
    let zeros = || -> Result<(Vec<Outlet>, ZeroBatch), amct::Error> {
        let outlets = outputs.iter().filter_map(|name| graph.outlet(name).ok()).collect::<Vec<_>>();
        let zeros = ZeroBatch::new(graph, &outlets, &BTreeMap::new())?;
        Ok((outlets, zeros))
    };
    match zeros() {
        Ok((outlets, zeros)) => deciding_shapes(graph, &outlets, &zeros),
        Err(error) => {
            log::info!(target: "verify", "shapes inside the graph are not known: {}", error.in_one_line());
            Shapes::new()
        }
    }
}

/// The graph that was quantized. Of one from quantization-aware training it is what is left without
/// fake quantization.
fn original(path: &Path) -> Result<Graph, amct::Error> {
    let graph = amct::graphdef::load(path)?;
    if !graph.nodes().any(|(_, node)| is_fake_quant(node)) {
        return Ok(graph);
    }
    let outputs: Vec<String> = graph.leaves().into_iter().map(|id| graph.node(id).name.clone()).collect();
    let (prepared, _) = prepare_qat(&graph, &outputs)?;
    Ok(prepared.graph)
}

fn severity(violation: &Violation) -> &'static str {
    match violation.severity {
        Severity::Must => "violation",
        Severity::Should => "warning",
        Severity::Note => "note",
    }
}

fn to_json(violation: &Violation) -> serde_json::Value {
    json!({
        "rule": violation.rule,
        "title": violation.title,
        "protects": violation.protects,
        "severity": severity(violation),
        "node": violation.node,
        "found": violation.found,
        "expected": violation.expected,
    })
}
