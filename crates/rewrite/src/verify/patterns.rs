//! Rule 8: nothing but `Pad` and a bias between `AscendQuant` and `AscendDequant`.

use amct_graph::op::is_concat;
use amct_graph::{LayerKind, LayerPath, Node, NodeId, Use, op};

use super::context::{Context, Findings};
use super::groups;

/// Rule 8.
pub(super) fn are_complete(context: &Context<'_>, findings: &mut Findings) {
    for path in &context.paths {
        check_front(context, path, findings);
        check_back(context, path, findings);
    }
    check_quant_readers(context, findings);
    check_dequant_sources(context, findings);
}

fn check_front(context: &Context<'_>, path: &LayerPath, findings: &mut Findings) {
    let layer = context.graph.node(path.layer);
    if path.quant.is_none() {
        let found = context.describe_input(layer, path.kind.data_input());
        findings.add(&layer.name, format!("data from {found}"), op::QUANT);
        return;
    }
    let between: Vec<&str> = path.between.iter().map(|&id| context.graph.node(id).op.as_str()).collect();
    let accepted = match between.as_slice() {
        [] => true,
        [op::PAD] => is_convolution(layer),
        [op::SPLIT] => layer.op == op::CONV2D,
        _ => false,
    };
    if !accepted {
        let expected = if is_convolution(layer) { "at most one Pad" } else { "nothing" };
        findings.add(
            &layer.name,
            format!("{} between AscendQuant and the layer", between.join(" and ")),
            expected,
        );
    }
}

fn is_convolution(node: &Node) -> bool {
    matches!(node.op.as_str(), op::CONV2D | op::DEPTHWISE_CONV2D_NATIVE)
}

fn check_back(context: &Context<'_>, path: &LayerPath, findings: &mut Findings) {
    let accepts_bias = |use_: &Use| Some(use_.node) == path.bias && use_.input == 0;
    for (from, bias_may_follow) in [(Some(path.layer), true), (path.bias, false)] {
        let Some(from) = from else { continue };
        let node = context.graph.node(from);
        let uses: Vec<Use> = context.consumers.all(from).collect();
        let accepted = match uses.as_slice() {
            [one] => {
                (bias_may_follow && accepts_bias(one))
                    || is_dequant_input(context, one)
                    || (is_concat(&context.graph.node(one.node).op)
                        && groups::feeds_dequant(context, one.node))
            }
            // A BiasAdd with several readers is rule 18's.
            several => !bias_may_follow && several.len() > 1,
        };
        if !accepted {
            let readers: Vec<String> =
                uses.iter().map(|use_| context.graph.node(use_.node).to_string()).collect();
            let found = if readers.is_empty() { "nothing".to_owned() } else { readers.join(", ") };
            let bias = LayerKind::of_op(&context.graph.node(path.layer).op)
                .and_then(|kind| kind.bias_ops().first().copied())
                .filter(|_| bias_may_follow);
            let expected =
                bias.map_or("one AscendDequant".to_owned(), |bias| format!("one {bias} or AscendDequant"));
            findings.add(&node.name, format!("read by {found}"), expected);
        }
    }
}

fn is_dequant_input(context: &Context<'_>, use_: &Use) -> bool {
    use_.input == 0 && context.graph.node(use_.node).op == op::DEQUANT
}

/// Quantized values must not reach a node that takes them for real ones.
fn check_quant_readers(context: &Context<'_>, findings: &mut Findings) {
    for (id, node) in context.of_op(op::QUANT) {
        for use_ in context.consumers.all(id).filter(|use_| !takes_integers(context, use_)) {
            let reader = context.graph.node(use_.node);
            findings.add(
                &node.name,
                format!("read by {reader}"),
                "a layer, a Pad that only layers read, or AscendAntiQuant",
            );
        }
    }
}

fn takes_integers(context: &Context<'_>, use_: &Use) -> bool {
    let reader = context.graph.node(use_.node);
    match reader.op.as_str() {
        op::PAD => {
            use_.input == 0 && context.consumers.all(use_.node).all(|next| is_layer_data(context, &next))
        }
        op::SPLIT => groups::reads_split(use_),
        op::ANTI_QUANT => true,
        _ => is_layer_data(context, use_),
    }
}

fn is_layer_data(context: &Context<'_>, use_: &Use) -> bool {
    LayerKind::of_op(&context.graph.node(use_.node).op).is_some_and(|kind| kind.data_input() == use_.input)
}

fn check_dequant_sources(context: &Context<'_>, findings: &mut Findings) {
    let is_end = |id: NodeId| context.paths.iter().any(|path| path.end() == id);
    for (id, node) in context.of_op(op::DEQUANT) {
        let is_fed = context.input(node, 0).is_some_and(|(source, _)| is_end(source));
        if !is_fed && context.path_of_dequant(id).is_none() {
            findings.add(&node.name, context.describe_input(node, 0), "a quantized layer or its BiasAdd");
        }
    }
}
