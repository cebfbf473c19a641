//! A quantized model beside its float model, as `_quant.json` says.

use std::collections::BTreeSet;

use amct_artifacts::quant_info::{OpInfo, QuantInfo};
use amct_graph::Graph;
use amct_rewrite::{Counterparts, NodeOrigin};

use super::CompareError;

/// Which node stands for which, by `info`, or, where nothing is written, by the two graphs.
///
/// # Errors
/// [`CompareError::OtherInfo`] if it is another model's.
pub(crate) fn counterparts<'a>(
    quantized: &'a Graph,
    float: &'a Graph,
    outputs: &[String],
    info: Option<&QuantInfo>,
) -> Result<Counterparts<'a>, CompareError> {
    let Some(info) = info else { return Ok(Counterparts::infer(quantized, float, outputs)) };
    let listed: BTreeSet<&str> = info.ops.iter().map(|op| op.name.as_str()).collect();
    let names = quantized.nodes().map(|(_, node)| node.name.as_str());
    let unknown: Vec<&str> = names.filter(|name| !listed.contains(name)).collect();
    for node in &unknown {
        log::warn!(target: "compare", "node '{node}' is not in the quantization info and has no counterpart");
    }
    match unknown.first() {
        Some(node) if 2 * unknown.len() > quantized.len() => {
            Err(CompareError::OtherInfo { name: info.name.clone(), node: (*node).to_owned() })
        }
        _ => {
            let nodes: Vec<NodeOrigin> = info.ops.iter().map(origin).collect();
            Ok(Counterparts::told(quantized, float, outputs, &nodes))
        }
    }
}

fn origin(op: &OpInfo) -> NodeOrigin {
    NodeOrigin {
        name: op.name.clone(),
        op: op.op_type.clone(),
        original: op.original_op_names.clone().unwrap_or_else(|| vec![op.name.clone()]),
        output_of: op.output.as_ref().map(|output| output.name.clone()),
    }
}
