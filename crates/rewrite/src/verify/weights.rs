//! Rules 9 to 11: where the weights come from, and their offset.

use amct_graph::{LayerKind, LayerPath, Node, TensorLiteral, op, type_name};
use amct_tensor::{DType, Tensor};

use super::context::{Context, Findings};
use super::{dequant, original};

/// Rule 9.
pub(super) fn come_from_weight_quant(context: &Context<'_>, findings: &mut Findings) {
    for path in &context.paths {
        let (Some(input), None) = (path.kind.weight_input(), path.weight_quant) else { continue };
        let layer = context.graph.node(path.layer);
        let found = context.describe_input(layer, input);
        findings.add(&layer.name, format!("weights from {found}"), op::WEIGHT_QUANT);
    }
    for (id, node) in context.of_op(op::WEIGHT_QUANT) {
        for input in 0..node.inputs.len().min(2) {
            if context.input(node, input).is_none_or(|(_, source)| source.op != op::CONST) {
                findings.add(&node.name, context.describe_input(node, input), op::CONST);
            }
        }
        for use_ in context.consumers.all(id) {
            let is_weights =
                |path: &LayerPath| path.layer == use_.node && path.kind.weight_input() == Some(use_.input);
            if !context.paths.iter().any(is_weights) {
                let reader = context.graph.node(use_.node);
                findings.add(&node.name, format!("read by {reader}"), "the weight input of a layer");
            }
        }
    }
}

/// The quantized layers with the constants behind their `AscendWeightQuant`.
fn constants<'c>(
    context: &'c Context<'_>,
) -> impl Iterator<Item = (&'c LayerPath, &'c Node, Option<&'c TensorLiteral>, Option<&'c TensorLiteral>)> {
    context.paths.iter().filter_map(|path| {
        let node = context.graph.node(path.weight_quant?);
        Some((path, node, context.direct_constant(node, 0), context.direct_constant(node, 1)))
    })
}

/// A readable int8 constant; otherwise what it is.
fn int8(literal: &TensorLiteral) -> Result<Tensor, String> {
    match literal.decode() {
        Ok(tensor) if tensor.dtype() == DType::I8 => Ok(tensor),
        Ok(_) => Err(type_name(literal.dtype)),
        Err(error) => Err(error.to_string()),
    }
}

/// Rule 10.
pub(super) fn are_int8(context: &Context<'_>, findings: &mut Findings) {
    for (path, _, weights, _) in constants(context) {
        let layer = context.graph.node(path.layer);
        // A missing constant is rule 9's.
        let Some(literal) = weights else { continue };
        let tensor = match int8(literal) {
            Ok(tensor) => tensor,
            Err(found) => {
                findings.add(&layer.name, format!("weights of {found}"), "DT_INT8");
                continue;
            }
        };
        let rank = LayerKind::of_op(&layer.op).map_or(4, LayerKind::weight_rank);
        if tensor.rank() != rank {
            findings.add(&layer.name, format!("weights {:?}", tensor.shape()), format!("rank {rank}"));
        } else if let Some((found, expected)) = original::weight_problem(context, path, &tensor) {
            findings.add(&layer.name, found, expected);
        }
    }
}

/// Rule 11.
pub(super) fn have_zero_offset(context: &Context<'_>, findings: &mut Findings) {
    for (path, node, weights, offset) in constants(context) {
        let Some(literal) = offset else { continue };
        let tensor = match int8(literal) {
            Ok(tensor) => tensor,
            Err(found) => {
                findings.add(&node.name, format!("an offset of {found}"), "DT_INT8");
                continue;
            }
        };
        if tensor.as_slice::<i8>().is_ok_and(|values| values.iter().any(|&value| value != 0)) {
            findings.add(&node.name, "an offset other than 0", "zeros");
        }
        let layer = context.graph.node(path.layer);
        let weights = weights.and_then(|literal| literal.dims().ok()).unwrap_or_default();
        let per_channel = dequant::word_count(context, path).is_none_or(|count| count > 1);
        let accepted = offset_shapes(&layer.op, &weights, per_channel);
        let fits = match layer.op.as_str() {
            op::MAT_MUL | op::BATCH_MAT_MUL | op::BATCH_MAT_MUL_V2 => tensor.len() == 1,
            _ => accepted.iter().any(|shape| shape == tensor.shape()),
        };
        if !fits {
            findings.add(
                &node.name,
                format!("an offset of shape {:?}", tensor.shape()),
                format!("{accepted:?}"),
            );
        }
    }
}

/// The shapes an offset may have: always four dimensions for a convolution, since ATC reads them
/// without asking for the rank.
fn offset_shapes(op: &str, weights: &[usize], per_channel: bool) -> Vec<Vec<usize>> {
    let mut shapes = match op {
        op::MAT_MUL | op::BATCH_MAT_MUL | op::BATCH_MAT_MUL_V2 => vec![vec![1]],
        op::CONV3D => vec![vec![1; 5]],
        _ => vec![vec![1, 1, 1, 1]],
    };
    match (op, weights) {
        (op::CONV2D, &[_, _, _, channels]) if per_channel => shapes.push(vec![1, 1, 1, channels]),
        (op::DEPTHWISE_CONV2D_NATIVE | op::CONV2D_BACKPROP_INPUT, &[_, _, channels, _]) if per_channel => {
            shapes.push(vec![1, 1, channels, 1]);
        }
        _ => {}
    }
    shapes
}
