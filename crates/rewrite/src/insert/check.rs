//! Whether the numbers fit their layers, before anything is built of them.

use std::collections::BTreeSet;

use amct_graph::op::SPLIT_DATA;
use amct_graph::{Graph, LayerKind, NodeId, op};
use amct_tensor::quantization::{ActivationParams, I8_MAX, I8_MIN};

use super::anti_quant::tensor_problem;
use super::{LayerQuantization, TensorQuantization, dequant};
use crate::RewriteError;
use crate::outputs::Outputs;

/// The largest shift that an accumulator of 32 bits needs to fit 16.
const MAX_SHIFT: u8 = 16;

pub(super) fn all(
    graph: &Graph,
    layers: &[LayerQuantization],
    outputs: &Outputs,
) -> Result<(), RewriteError> {
    let mut seen = BTreeSet::new();
    for quantization in layers {
        if !seen.insert(quantization.layer.node) {
            return Err(RewriteError::ListedTwice(quantization.layer.name.clone()));
        }
        place(graph, quantization, outputs)?;
        counts(quantization)?;
        scales(quantization)?;
    }
    Ok(())
}

/// Whether each tensor is an input that may be quantized by itself, listed once.
pub(super) fn tensors(graph: &Graph, tensors: &[TensorQuantization]) -> Result<(), RewriteError> {
    let mut seen: BTreeSet<(NodeId, usize)> = BTreeSet::new();
    for tensor in tensors {
        let node = graph.get(tensor.node);
        let name = node.map_or_else(String::new, |node| format!("{}:{}", node.name, tensor.input));
        let problem = match node {
            None => Some("its node is not there".to_owned()),
            Some(_) if !seen.insert((tensor.node, tensor.input)) => Some("it is listed twice".to_owned()),
            Some(node) => tensor_problem(node, tensor.input),
        };
        if let Some(problem) = problem {
            return Err(RewriteError::TensorQuantize { tensor: name, problem });
        }
        activation(&name, tensor.activation)?;
    }
    Ok(())
}

/// The layer must describe this graph: a scan of another one would wire wrong nodes together.
fn place(graph: &Graph, quantization: &LayerQuantization, outputs: &Outputs) -> Result<(), RewriteError> {
    let layer = &quantization.layer;
    let stale = |problem| Err(RewriteError::Stale { layer: layer.name.clone(), problem });
    let Some(node) = graph.get(layer.node) else { return stale("its node is not there") };
    if node.name != layer.name || LayerKind::of_op(&node.op) != Some(layer.kind) {
        return stale("another node is in its place");
    }
    let data = node.inputs.get(layer.kind.data_input());
    let before = match (layer.pad, &layer.group) {
        (Some(pad), _) => Some((pad, 0)),
        (None, Some(group)) => Some((group.split, SPLIT_DATA)),
        (None, None) => None,
    };
    let quantized = match before {
        Some((id, input)) => graph.get(id).and_then(|node| node.inputs.get(input)),
        None => data,
    };
    if quantized != Some(&layer.input) || before.is_some_and(|(id, _)| data.map(|data| data.node) != Some(id))
    {
        return stale("it reads another input");
    }
    if layer.group.as_ref().is_some_and(|group| graph.get(group.concat).is_none()) {
        return stale("its concatenation is not there");
    }
    if let Some(weights) = &layer.weights
        && layer
            .kind
            .weight_input()
            .and_then(|input| node.inputs.get(input))
            .and_then(|&outlet| graph.constant_node(outlet))
            != Some(weights.constant)
    {
        return stale("it reads other weights");
    }
    let Some(bias) = &layer.bias else { return Ok(()) };
    match graph.get(bias.node) {
        Some(add) if add.op == op::BIAS_ADD && add.inputs.first() == Some(&layer.node.into()) => {}
        _ => return stale("its BiasAdd is not there"),
    }
    if outputs.has_node(layer.node) {
        return stale("its value before the bias is a requested output");
    }
    Ok(())
}

fn counts(quantization: &LayerQuantization) -> Result<(), RewriteError> {
    let LayerQuantization { layer, scale_w, weights, shift_bits, .. } = quantization;
    let wrong = |what, expected: String, found| {
        Err(RewriteError::Count { layer: layer.name.clone(), what, expected, found })
    };
    if !shift_bits.is_empty() && shift_bits.len() != scale_w.len() {
        return wrong("shift_bit", format!("no or {}", scale_w.len()), shift_bits.len());
    }
    if let Some(&found) = shift_bits.iter().find(|&&bits| bits > MAX_SHIFT) {
        return Err(RewriteError::Shift { layer: layer.name.clone(), found });
    }
    let Some(shape) = layer.weights.as_ref() else {
        if !weights.is_empty() {
            return wrong("weights", "no".to_owned(), weights.len());
        }
        return if scale_w.is_empty() { Ok(()) } else { wrong("scale_w", "no".to_owned(), scale_w.len()) };
    };
    let elements = shape.shape.iter().try_fold(1_usize, |len, &dim| len.checked_mul(dim));
    if elements != Some(weights.len()) {
        let expected = elements.map_or_else(|| "too many".to_owned(), |len| len.to_string());
        return wrong("weights", expected, weights.len());
    }
    match scale_w.len() {
        1 => Ok(()),
        len if layer.kind.may_be_channel_wise() && len == shape.channels => Ok(()),
        len if layer.kind.may_be_channel_wise() => wrong("scale_w", format!("1 or {}", shape.channels), len),
        len => wrong("scale_w", "1".to_owned(), len),
    }
}

fn scales(quantization: &LayerQuantization) -> Result<(), RewriteError> {
    let name = &quantization.layer.name;
    activation(name, quantization.activation)?;
    for &scale in &quantization.scale_w {
        positive(name, "scale_w", scale)?;
    }
    for word in dequant::words(quantization) {
        positive(name, "scale_d * scale_w", word.scale)?;
    }
    Ok(())
}

fn activation(layer: &str, params: ActivationParams) -> Result<(), RewriteError> {
    positive(layer, "scale_d", params.scale)?;
    positive(layer, "1 / scale_d", params.inverse_scale())?;
    if (I8_MIN..=I8_MAX).contains(&params.offset) {
        Ok(())
    } else {
        Err(RewriteError::Offset { layer: layer.to_owned(), found: params.offset })
    }
}

fn positive(layer: &str, what: &'static str, value: f32) -> Result<(), RewriteError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(RewriteError::Scale { layer: layer.to_owned(), what, found: value })
    }
}
