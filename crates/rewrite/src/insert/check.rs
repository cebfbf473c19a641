//! Whether the numbers fit their layers, before anything is built of them.

use std::collections::BTreeSet;

use amct_graph::Graph;
use amct_tensor::quantization::{DeqScale, I8_MAX, I8_MIN};

use super::LayerQuantization;
use crate::RewriteError;
use crate::layers::LayerKind;
use crate::layers::group::SPLIT_DATA;
use crate::outputs::Outputs;

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
        Some(add) if add.op == "BiasAdd" && add.inputs.first() == Some(&layer.node.into()) => {}
        _ => return stale("its BiasAdd is not there"),
    }
    if outputs.has_node(layer.node) {
        return stale("its value before the bias is a requested output");
    }
    Ok(())
}

fn counts(quantization: &LayerQuantization) -> Result<(), RewriteError> {
    let LayerQuantization { layer, scale_w, weights, .. } = quantization;
    let wrong = |what, expected: String, found| {
        Err(RewriteError::Count { layer: layer.name.clone(), what, expected, found })
    };
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
    let LayerQuantization { layer, activation, scale_w, .. } = quantization;
    let positive = |what, value: f32| {
        if value.is_finite() && value > 0.0 {
            Ok(())
        } else {
            Err(RewriteError::Scale { layer: layer.name.clone(), what, found: value })
        }
    };
    positive("scale_d", activation.scale)?;
    positive("1 / scale_d", activation.inverse_scale())?;
    for &scale in scale_w {
        positive("scale_w", scale)?;
        positive("scale_d * scale_w", DeqScale::new(activation.scale, scale).scale)?;
    }
    if (I8_MIN..=I8_MAX).contains(&activation.offset) {
        Ok(())
    } else {
        Err(RewriteError::Offset { layer: layer.name.clone(), found: activation.offset })
    }
}
