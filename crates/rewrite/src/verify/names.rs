//! Rule 27: names by which other tools recognise what was inserted.

use amct_graph::{LayerPath, NodeId, op};

use super::context::{Context, Findings};
use crate::names::layer_scope;

/// Rule 27.
pub(super) fn follow_the_layer(context: &Context<'_>, findings: &mut Findings) {
    check(context, findings, op::QUANT, "act_quant", |path| path.quant);
    check(context, findings, op::DEQUANT, "dequant", |path| path.dequant);
    check(context, findings, op::WEIGHT_QUANT, "weight_quant", |path| path.weight_quant);
    // It may stand beside its reader or beside a layer that reads the same AscendQuant.
    check(context, findings, op::ANTI_QUANT, "anti_quant", |_| None);
}

/// `S/scope/op`, or `S/scope_1/op` and so on, with S that of a layer the node belongs to.
fn check(
    context: &Context<'_>,
    findings: &mut Findings,
    op: &str,
    scope: &str,
    node_of: fn(&LayerPath) -> Option<NodeId>,
) {
    for (id, node) in context.of_op(op) {
        let layers = context.paths.iter().filter(|path| node_of(path) == Some(id));
        let parents: Vec<&str> =
            layers.map(|path| layer_scope(&context.graph.node(path.layer).name)).collect();
        let inner = node.name.rsplit_once('/').filter(|(_, last)| *last == op).map(|(inner, _)| inner);
        let fits = inner.is_some_and(|inner| {
            let last = inner.rsplit_once('/').map_or(inner, |(_, last)| last);
            let is_scope = last.strip_prefix(scope).is_some_and(is_number_or_empty);
            is_scope && (parents.is_empty() || parents.contains(&layer_scope(inner)))
        });
        if !fits {
            let parent = parents.first().filter(|parent| !parent.is_empty());
            let expected =
                parent.map_or_else(|| format!("{scope}/{op}"), |parent| format!("{parent}/{scope}/{op}"));
            findings.add(&node.name, "this name", expected);
        }
    }
}

fn is_number_or_empty(suffix: &str) -> bool {
    suffix.is_empty()
        || suffix
            .strip_prefix('_')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}
