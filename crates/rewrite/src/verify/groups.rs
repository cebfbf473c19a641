//! Rules 22, 23 and 31: group convolutions and transposed ones.

use amct_graph::op::{data_input, is_concat};
use amct_graph::{LayerKind, NodeId, Use, op};

use super::context::{Context, Findings};
use crate::insert::sizes;

/// Whether this use is the data input of a `Split`.
pub(super) fn reads_split(use_: &Use) -> bool {
    use_.input == data_input(op::SPLIT)
}

/// Whether the only reader of `node` is an `AscendDequant`.
pub(super) fn feeds_dequant(context: &Context<'_>, node: NodeId) -> bool {
    let mut uses = context.consumers.all(node);
    matches!((uses.next(), uses.next()), (Some(one), None)
        if one.input == 0 && context.graph.node(one.node).op == op::DEQUANT)
}

/// Rule 22. Only a `Split` of quantized values is meant; one of real values is like any other node.
pub(super) fn are_whole(context: &Context<'_>, findings: &mut Findings) {
    for (id, split) in context.of_op(op::SPLIT) {
        if context.input(split, data_input(op::SPLIT)).is_none_or(|(_, node)| node.op != op::QUANT) {
            continue;
        }
        let mut joins: Vec<Option<NodeId>> =
            context.consumers.all(id).map(|use_| join_behind(context, use_.node)).collect();
        joins.dedup();
        let is_whole = matches!(joins.as_slice(), [Some(join)] if feeds_dequant(context, *join));
        if !is_whole {
            findings.add(
                &split.name,
                "quantized parts that do not meet again",
                "each part -> Conv2D -> [BiasAdd] -> one ConcatV2 -> AscendDequant",
            );
        }
    }
}

/// The concatenation behind a `Conv2D` and its optional `BiasAdd`.
fn join_behind(context: &Context<'_>, layer: NodeId) -> Option<NodeId> {
    if context.graph.node(layer).op != op::CONV2D {
        return None;
    }
    let path = context.paths.iter().find(|path| path.layer == layer)?;
    let mut uses = context.consumers.all(path.end());
    let (one, None) = (uses.next()?, uses.next()) else { return None };
    is_concat(&context.graph.node(one.node).op).then_some(one.node)
}

/// Rule 23. That data and weights are at inputs 2 and 1 is part of rules 8 and 9.
pub(super) fn transposed_has_no_dilation(context: &Context<'_>, findings: &mut Findings) {
    for path in &context.paths {
        let node = context.graph.node(path.layer);
        if node.op != op::CONV2D_BACKPROP_INPUT {
            continue;
        }
        match node.attributes().ints("dilations") {
            Ok(dilations) if dilations.iter().all(|&dilation| dilation == 1) => {}
            Ok(dilations) => findings.add(&node.name, format!("dilations {dilations:?}"), "1"),
            Err(error) => findings.add(&node.name, error.found, error.expected),
        }
    }
}

/// Rule 31. A size that is computed is advice.
pub(super) fn sizes_are_not_shared(context: &Context<'_>, findings: &mut Findings) {
    for path in &context.paths {
        let node = context.graph.node(path.layer);
        if path.kind == LayerKind::ConvTranspose2d
            && sizes::is_shared(context.graph, &context.consumers, path.layer)
        {
            let source = context.describe_input(node, 0);
            let expected = "a constant that only this layer reads";
            findings.add(&node.name, format!("input_sizes from {source}, which others read too"), expected);
        }
    }
}
