//! Rules 1 to 3: the file as a whole.

use super::context::{Context, Findings};
use crate::library::called;
use amct_graph::op;

/// The ops of AMCT's that ATC knows, with the number of their data inputs.
const AMCT_OPS: [(&str, usize); 4] =
    [(op::QUANT, 1), (op::WEIGHT_QUANT, 2), (op::DEQUANT, 2), (op::ANTI_QUANT, 1)];

/// What quantization may bring into a graph besides those.
const HELPERS: [&str; 4] = [op::CONST, op::CAST, op::BIAS_ADD, op::IDENTITY];

/// Rule 1. ATC wants an extra library file as soon as a node calls a function, and passes over a library
/// that nobody calls.
pub(super) fn is_plain(context: &Context<'_>, findings: &mut Findings) {
    for (_, node) in context.graph.nodes() {
        if let Some(function) = called(context.graph, node) {
            findings.add(
                &node.name,
                format!("a call of the function '{function}'"),
                "its nodes in the graph itself",
            );
        }
    }
    if let Err(error) = context.graph.topological_order() {
        findings.add("", error.to_string(), "no cycle");
    }
}

/// Rule 2. Which ops ATC knows is not fully public; certain are those it does not, and that
/// quantization needs no other than its own.
pub(super) fn has_known_ops(context: &Context<'_>, findings: &mut Findings) {
    let is_amct = |op: &str| AMCT_OPS.iter().any(|(name, _)| *name == op);
    for (id, node) in context.graph.nodes().filter(|(_, node)| !is_amct(&node.op)) {
        let op = node.op.as_str();
        let left_over = matches!(op, op::QUANT_IFMR | op::QUANT_ARQ | op::SEARCH_N | op::SEARCH_N_V2)
            || ["FakeQuant", "Ascend", "QuantBatchMatmul"].iter().any(|prefix| op.starts_with(prefix));
        let is_new = context.original.as_ref().is_some_and(|original| {
            !HELPERS.contains(&op)
                && !original.is_balancing(id)
                && original.original().nodes().all(|(_, other)| other.op != op)
                && !original.may_be_relu(node)
                && !context.paths.iter().any(|path| path.bias == Some(id))
        });
        if left_over {
            findings.add(&node.name, op, "no op of calibration, of retraining or of ATC's own");
        } else if is_new {
            findings.add(&node.name, op, "an op of the original graph or of quantization");
        }
    }
}

/// Rule 3. Control inputs do not count.
pub(super) fn has_right_input_counts(context: &Context<'_>, findings: &mut Findings) {
    for (op, expected) in AMCT_OPS {
        for (_, node) in context.of_op(op).filter(|(_, node)| node.inputs.len() != expected) {
            findings.add(&node.name, format!("{} data inputs", node.inputs.len()), expected.to_string());
        }
    }
}
