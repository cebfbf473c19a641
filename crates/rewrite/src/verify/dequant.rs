//! Rules 16 to 18 and 24: dequantization words, known channels, biases, poolings.

use amct_graph::views::WindowAttrs;
use amct_graph::{AttrValue, LayerKind, LayerPath, Node, TensorLiteral, op, type_code, type_name};
use amct_tensor::quantization::{DeqScale, LARGEST_FLOAT_BIAS, beyond_floats};
use amct_tensor::{DType, Tensor};

use super::Severity;
use super::context::{Context, Findings};
use crate::input_shapes::{has_channels, known, quantized_placeholder};
use crate::layers::pool_problem;

/// The number of words of a layer's `AscendDequant`.
pub(super) fn word_count(context: &Context<'_>, path: &LayerPath) -> Option<usize> {
    let dequant = context.graph.node(path.dequant?);
    let dims = context.direct_constant(dequant, 1)?.dims().ok()?;
    Some(dims.iter().product())
}

/// The output channels of a layer, by its weights.
fn channels(context: &Context<'_>, path: &LayerPath) -> Option<usize> {
    let weights = context.graph.node(path.weight_quant?);
    let dims = context.direct_constant(weights, 0)?.dims().ok()?;
    let kind = LayerKind::of_op(&context.graph.node(path.layer).op)?;
    kind.channels(&dims).map(|(channels, _)| channels)
}

/// Rule 16.
pub(super) fn words_are_sound(context: &Context<'_>, findings: &mut Findings) {
    for (id, node) in context.of_op(op::DEQUANT) {
        let Some(literal) = context.direct_constant(node, 1) else {
            findings.add(
                &node.name,
                format!("deq_scale from {}", context.describe_input(node, 1)),
                op::CONST,
            );
            continue;
        };
        let tensor = match literal.decode() {
            Ok(tensor) if tensor.dtype() == DType::U64 => tensor,
            Ok(_) => {
                findings.add(&node.name, format!("deq_scale of {}", type_name(literal.dtype)), "DT_UINT64");
                continue;
            }
            Err(error) => {
                findings.add(&node.name, error.to_string(), "a readable deq_scale");
                continue;
            }
        };
        if tensor.rank() != 1 {
            findings.add(&node.name, format!("deq_scale of shape {:?}", tensor.shape()), "rank 1");
        }
        if let Some(expected) =
            context.path_of_dequant(id).and_then(|path| wrong_count(context, path, &tensor))
        {
            findings.add(&node.name, format!("{} words", tensor.len()), expected);
        }
        let words = tensor.as_slice::<u64>().unwrap_or_default();
        if let Some((channel, word)) = first_unsound(words) {
            let found = format!("word {word:#018x} of channel {channel}");
            findings.add(&node.name, found, "a positive finite scale, shift 0 to 16, offset 0");
        }
        check_shifts(context, context.path_of_dequant(id), node, words, findings);
    }
}

/// Shifts are for all channels or for none, and a pooling has none. Chips other than the 310P class
/// leave them out, so they are a warning where they are right.
fn check_shifts(
    context: &Context<'_>,
    path: Option<&LayerPath>,
    node: &Node,
    words: &[u64],
    findings: &mut Findings,
) {
    let shifts = || words.iter().map(|&word| DeqScale::from_bits(word).shift_n);
    let Some(largest) = shifts().max().filter(|&largest| largest > 0) else { return };
    let is_pool = path.is_some_and(|path| context.graph.node(path.layer).op == op::AVG_POOL);
    if is_pool {
        findings.add(&node.name, format!("shift {largest}"), "0 for an AvgPool");
    } else if shifts().any(|shift| shift == 0) {
        findings.add(&node.name, format!("shifts 0 and {largest}"), "all 0, or all in [1, 16]");
    } else {
        let expected = "shift 0, which every chip understands";
        findings.add_as(Severity::Should, &node.name, format!("shift {largest}"), expected);
    }
}

/// The numbers of words accepted, if it is another one. Only the kernel of a rank 4 value tells
/// channels apart.
fn wrong_count(context: &Context<'_>, path: &LayerPath, words: &Tensor) -> Option<String> {
    let kind = LayerKind::of_op(&context.graph.node(path.layer).op);
    let is_channel_wise = kind.is_some_and(LayerKind::may_be_channel_wise);
    let per_channel = channels(context, path).filter(|_| is_channel_wise);
    let is_group = path.between.iter().any(|&id| context.graph.node(id).op == op::SPLIT);
    let fits = words.len() == 1 || is_group || per_channel == Some(words.len());
    (!fits).then(|| per_channel.map_or_else(|| "1".to_owned(), |count| format!("1 or {count}")))
}

fn first_unsound(words: &[u64]) -> Option<(usize, u64)> {
    let is_sound = |&word: &u64| {
        let fields = DeqScale::from_bits(word);
        fields.scale.is_finite() && fields.scale > 0.0 && word >> 32 <= 16
    };
    words.iter().enumerate().find(|(_, word)| !is_sound(word)).map(|(channel, &word)| (channel, word))
}

/// Rule 17, as far as a graph without inferred shapes shows it: for layers on a placeholder. One without a
/// shape is left to `--input_shape`; of one whose shape lacks them ATC takes what the file says.
pub(super) fn channels_are_known(context: &Context<'_>, findings: &mut Findings) {
    for path in &context.paths {
        let Some((id, _)) = quantized_placeholder(context.graph, path) else { continue };
        let source = context.graph.node(id);
        let Some(shape) = known(source) else { continue };
        if !has_channels(&shape, context.graph.node(path.layer)) {
            let found =
                shape.sizes().map_or("an unknown rank".to_owned(), |sizes| format!("shape {}", text(&sizes)));
            findings.add(&source.name, found, "known rank and channels");
        }
    }
}

/// `[?, 4, 4, 3]`.
fn text(sizes: &[Option<usize>]) -> String {
    let sizes: Vec<String> =
        sizes.iter().map(|size| size.map_or("?".to_owned(), |size| size.to_string())).collect();
    format!("[{}]", sizes.join(", "))
}

/// Rule 18.
pub(super) fn bias_is_int32(context: &Context<'_>, findings: &mut Findings) {
    for path in &context.paths {
        let Some(bias) = path.bias.map(|id| context.graph.node(id)) else { continue };
        let ops = LayerKind::of_op(&context.graph.node(path.layer).op).map_or(&[][..], LayerKind::bias_ops);
        if !ops.contains(&bias.op.as_str()) {
            let layer = context.graph.node(path.layer);
            findings.add(&bias.name, format!("a {} behind {layer}", bias.op), ops.join(" or "));
        }
        let readers = path.bias.map_or(0, |id| context.consumers.all(id).count());
        if readers > 1 {
            findings.add(&bias.name, format!("{readers} readers"), "one AscendDequant");
        }
        let Some((_, cast)) = context.input(bias, 1).filter(|(_, node)| node.op == op::CAST) else {
            findings.add(&bias.name, format!("a bias from {}", context.describe_input(bias, 1)), op::CAST);
            continue;
        };
        for (attr, dtype) in [("SrcT", DType::I32), ("DstT", DType::F32)] {
            if cast.attrs.get(attr) != Some(&AttrValue::Type(type_code(dtype))) {
                findings.add(&cast.name, format!("another {attr}"), type_name(type_code(dtype)));
            }
        }
        let Some(literal) = context.direct_constant(cast, 0) else {
            findings.add(&cast.name, context.describe_input(cast, 0), op::CONST);
            continue;
        };
        let dims = literal.dims().ok();
        let fits = match (dims.as_deref(), channels(context, path)) {
            (Some(&[len]), Some(channels)) => len == channels,
            (Some(&[_]), None) => true,
            _ => false,
        };
        if literal.element_type() != Some(DType::I32) || !fits {
            let found = format!("{} {:?}", type_name(literal.dtype), dims.unwrap_or_default());
            findings.add(&cast.name, found, "DT_INT32, one per output channel");
        }
        note_large_biases(&cast.name, literal, findings);
    }
}

/// ATC may fold the `Cast` and take such a bias for a float. A note: most versions merge the integers.
fn note_large_biases(cast: &str, literal: &TensorLiteral, findings: &mut Findings) {
    let tensor = literal.decode().ok();
    let integers = tensor.as_ref().and_then(|tensor| tensor.as_slice::<i32>().ok());
    if let Some((channel, bias)) = integers.and_then(beyond_floats) {
        let expected = format!("at most {LARGEST_FLOAT_BIAS} on either side of 0, which a float holds");
        findings.add_as(Severity::Note, cast, format!("bias {bias} of channel {channel}"), expected);
    }
}

/// Rule 24. Outside the limits ATC falls back to float16, so that part is advice.
pub(super) fn pools_are_small(context: &Context<'_>, findings: &mut Findings) {
    for path in &context.paths {
        let pool = context.graph.node(path.layer);
        if pool.op != op::AVG_POOL {
            continue;
        }
        if let Some(count) = word_count(context, path).filter(|&count| count != 1) {
            findings.add(&pool.name, format!("{count} dequantization words"), "1");
        }
        match WindowAttrs::of(pool) {
            Ok(window) => {
                if let Some(problem) = pool_problem(&window) {
                    findings.add_as(Severity::Should, &pool.name, problem, "a window that ATC runs in int8");
                }
            }
            Err(error) => findings.add(&pool.name, error.found, error.expected),
        }
    }
}
