//! Rules 5 to 7 and the part of 10 that compares weights: what the float graph says.
//!
//! Quantization puts nodes into edges and folding takes some out, so edges are compared by where
//! they come from: the node that gives a value once batch norm, `BiasAdd`, identities and AMCT's
//! ops are left aside ([`Origin`]).

mod balance;

use std::collections::BTreeSet;

use amct_graph::{AttrValue, Graph, LayerKind, LayerPath, Node, NodeId, Outlet, Use, op};
use amct_tensor::Tensor;
use amct_tensor::quantization::{DeqScale, I8_MAX, I8_MIN};

use super::Severity;
use super::context::{Context, Findings};
use crate::evaluate::evaluate;
use crate::input_shapes;
use crate::insert::{all_readers_clip, clips_at_six};
use crate::provenance::{Counterparts, Origin};
use crate::sweep::{orders_nothing, waits_for};

/// Rule 5.
pub(super) fn has_same_placeholders(context: &Context<'_>, findings: &mut Findings) {
    let Some(counterparts) = &context.original else { return };
    let original = counterparts.original();
    for id in context.graph.placeholders() {
        let node = context.graph.node(id);
        let Some(before) = original.find(&node.name).map(|id| original.node(id)) else {
            findings.add(&node.name, "a new placeholder", "those of the original graph");
            continue;
        };
        let same = |attr: &str| node.attrs.get(attr) == before.attrs.get(attr);
        if !same("dtype") {
            findings.add(&node.name, "another dtype", "that of the original graph");
        }
        if !same("shape") && !input_shapes::adds_channels(node, before) {
            findings.add(&node.name, "another shape", "that of the original graph");
        }
    }
}

/// Rule 6. A requested output must exist and be a real value; other names are a courtesy.
pub(super) fn keeps_names(context: &Context<'_>, findings: &mut Findings) {
    for name in context.outputs {
        match context.graph.outlet(name) {
            Err(error) => findings.add_as(Severity::Must, name, error.to_string(), "the requested output"),
            Ok(outlet) if is_integer_valued(context, outlet.node) => {
                findings.add_as(Severity::Must, name, "a quantized value", "the dequantized one");
            }
            Ok(_) => {}
        }
    }
    let Some(counterparts) = &context.original else { return };
    for (id, node) in counterparts.original().nodes() {
        // Constants, and what folding takes out of the graph together with them.
        let may_go = counterparts.has_vanished(id)
            || counterparts.original().constant_node(id.into()).is_some()
            || evaluate(counterparts.original(), id.into()).is_some();
        if !may_go && context.graph.find(&node.name).is_none() {
            findings.add(&node.name, "no such node", "the names of the original graph");
        }
    }
}

fn is_integer_valued(context: &Context<'_>, id: NodeId) -> bool {
    let inside = |path: &LayerPath| path.layer == id || path.bias == Some(id) || path.between.contains(&id);
    let op = context.graph.node(id).op.as_str();
    matches!(op, op::QUANT | op::WEIGHT_QUANT) || context.paths.iter().any(inside)
}

/// Rule 7.
pub(super) fn leaves_the_rest(context: &Context<'_>, findings: &mut Findings) {
    let Some(counterparts) = &context.original else { return };
    for (before_id, before) in counterparts.original().nodes() {
        let Some(id) = counterparts.find(before_id) else { continue };
        let node = context.graph.node(id);
        if counterparts.may_be_relu(node) {
            let is_output = |id| {
                let mut outlets = context.outputs.iter().filter_map(|name| context.graph.outlet(name).ok());
                outlets.any(|outlet| outlet.node == id)
            };
            let clips = |use_: &Use| clips(context.graph.node(use_.node));
            if !all_readers_clip(context.graph, &context.consumers, id, &is_output, &clips) {
                let expected = "Relu6, unless all its readers are AscendQuants that clip at 6";
                findings.add(&node.name, op::RELU, expected);
            }
        } else if counterparts.is_bias(id) && before.op == op::BIAS_ADD {
            // It is an Add now, which has no layout; rule 18 looks at it.
            compare_inputs(context, counterparts, before_id, id, findings);
            continue;
        } else if node.op != before.op {
            let (then, now) =
                (counterparts.origin_before(before_id.into()), counterparts.origin_now(id.into()));
            if node.op != op::IDENTITY || then.name != now.name {
                findings.add(&node.name, node.op.as_str(), before.op.as_str());
            }
            continue;
        }
        for attr in changed_attributes(context.graph, counterparts.original(), before, node) {
            findings.add(&node.name, format!("another {attr}"), "that of the original graph");
        }
        compare_inputs(context, counterparts, before_id, id, findings);
    }
}

/// Whether a node is an `AscendQuant` that maps all from 6 upwards to one integer.
fn clips(node: &Node) -> bool {
    match (node.attrs.get("scale"), node.attrs.get("offset")) {
        (Some(&AttrValue::F(inverse_scale)), Some(&AttrValue::F(offset))) if node.op == op::QUANT => {
            let is_int8 = (I8_MIN as f32..=I8_MAX as f32).contains(&offset);
            is_int8 && clips_at_six(inverse_scale, offset as i32)
        }
        _ => false,
    }
}

/// The attributes that differ, a place at a node that is gone aside. Shapes of placeholders are rule 5's.
fn changed_attributes<'n>(graph: &Graph, original: &Graph, before: &'n Node, node: &'n Node) -> Vec<&'n str> {
    let mut names: Vec<&str> = before.attrs.keys().chain(node.attrs.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let is_gone = |name: &str| original.find(name).is_some() && graph.find(name).is_none();
    names.retain(|&name| match name {
        "_class" => before.class_without(&is_gone) != node.class_without(&is_gone),
        "shape" if before.op == op::PLACEHOLDER => false,
        _ => before.attrs.get(name) != node.attrs.get(name),
    });
    names
}

fn compare_inputs(
    context: &Context<'_>,
    counterparts: &Counterparts<'_>,
    before_id: NodeId,
    id: NodeId,
    findings: &mut Findings,
) {
    let (before, node) = (counterparts.original().node(before_id), context.graph.node(id));
    if before.inputs.len() != node.inputs.len() {
        let (found, expected) = (node.inputs.len(), before.inputs.len());
        findings.add(&node.name, format!("{found} inputs"), expected.to_string());
        return;
    }
    for (input, (&then, &now)) in before.inputs.iter().zip(&node.inputs).enumerate() {
        let may_change = context.paths.iter().any(|path| {
            (path.layer == id && path.kind.weight_input() == Some(input))
                || (path.bias == Some(id) && input == 1)
        }) || (counterparts.is_folded(before_id) && input == 1);
        if may_change {
            continue;
        }
        // The data of a layer may be constant too.
        let float = before_quant(context.graph, now);
        let same = match counterparts.original().constant_node(then) {
            Some(constant) => same_constant(counterparts.original(), constant, context.graph, float),
            None => match evaluate(counterparts.original(), then) {
                Some(value) => evaluate(context.graph, float) == Some(value),
                None => {
                    let origins = (counterparts.origin_before(then), counterparts.origin_now(now));
                    counterparts.agree(before_id, &origins.0, &origins.1)
                }
            },
        };
        if !same {
            let found = format!("input {input} from {}", context.graph.outlet_name(now));
            findings.add(&node.name, found, counterparts.original().outlet_name(then));
        }
    }
    // To wait for a constant orders nothing.
    let controls = |graph: &Graph, node: &Node| waits_for(graph, node, &|id| orders_nothing(graph, id));
    let then =
        controls(counterparts.original(), before).into_iter().map(|id| counterparts.origin_before(id.into()));
    let now = controls(context.graph, node).into_iter();
    let now = now.map(|id| counterparts.origin_now(id.into()));
    if then.collect::<BTreeSet<Origin>>() != now.collect() {
        findings.add(&node.name, "other control inputs", "those of the original graph");
    }
}

/// What an `AscendQuant` quantizes, and an `AscendAntiQuant` gives back; any other value itself.
fn before_quant(graph: &Graph, outlet: Outlet) -> Outlet {
    let input = |outlet: Outlet, op: &str| {
        let node = graph.node(outlet.node);
        node.inputs.first().copied().filter(|_| node.op == op).unwrap_or(outlet)
    };
    input(input(outlet, op::ANTI_QUANT), op::QUANT)
}

fn same_constant(original: &Graph, constant: NodeId, graph: &Graph, outlet: Outlet) -> bool {
    graph.constant_node(outlet).is_some_and(|found| {
        graph.node(found).attrs.get("value") == original.node(constant).attrs.get("value")
    })
}

/// What is wrong with int8 weights beside the float ones they stand for: another shape, or, if no
/// batch norm was folded into them, a value more than half a step away.
pub(super) fn weight_problem(
    context: &Context<'_>,
    path: &LayerPath,
    quantized: &Tensor,
) -> Option<(String, String)> {
    let counterparts = context.original.as_ref()?;
    let layer = counterparts.of(path.layer)?;
    let outlet = *counterparts.original().node(layer).inputs.get(path.kind.weight_input()?)?;
    let float = counterparts.original().constant(outlet).ok()??;
    if float.shape() != quantized.shape() {
        let found = format!("weights of shape {:?}", quantized.shape());
        return Some((found, format!("{:?}, as the float weights have", float.shape())));
    }
    if counterparts.is_folded(layer) {
        return None;
    }
    let (channels, run) =
        LayerKind::of_op(&counterparts.original().node(layer).op)?.channels(float.shape())?;
    let step = steps(context, path, channels)?;
    let balance = balance::Factors::of(context, path, float.shape())?;
    let values = quantized.as_slice::<i8>().ok()?.iter().zip(float.as_slice::<f32>().ok()?).enumerate();
    for (index, (&q, &w)) in values {
        let w = f64::from(w) * balance.of_weight(index)?;
        let (step, slack) = step.get(index / run.max(1) % channels.max(1)).copied()?;
        // A value at the end of the range may stand for any beyond it.
        let is_clipped = i32::from(q) == I8_MIN || i32::from(q) == I8_MAX;
        let distance = (w - f64::from(q) * step).abs();
        let accepted = (0.501 + f64::from(q.unsigned_abs()) * slack) * step;
        if !is_clipped && distance > accepted {
            return Some((
                format!("weight {q} (= {:e}) at element {index}", f64::from(q) * step),
                format!("the integer nearest to {w:e}"),
            ));
        }
    }
    None
}

/// scale_w of each of the layer's channels: a dequantization word divided by scale_d; and the part of
/// it that the word may lack, because `FORCE_FP16_QUANT` cuts the lower 13 bits, or because it is too small to have all.
fn steps(context: &Context<'_>, path: &LayerPath, channels: usize) -> Option<Vec<(f64, f64)>> {
    let quant = context.graph.node(path.quant?);
    let Some(AttrValue::F(inverse_scale)) = quant.attrs.get("scale") else { return None };
    let words = context.direct_constant(context.graph.node(path.dequant?), 1)?.decode().ok()?;
    let words: &[u64] = words.as_slice().ok()?;
    let words = match words {
        &[one] => vec![one; channels],
        _ => words.get(path.first_channel(context.graph)?..)?.get(..channels)?.to_vec(),
    };
    let step = |word: &u64| {
        let word = DeqScale::from_bits(*word);
        let cut = if word == word.truncated() { 1.0 / 1024.0 } else { 0.0 };
        let least = f64::from(f32::from_bits(1));
        let rounded = if word.scale.is_normal() { 0.0 } else { least / f64::from(word.scale) };
        let slack = cut + rounded;
        (f64::from(word.scale) * f64::from(*inverse_scale), slack)
    };
    Some(words.iter().map(step).collect())
}
