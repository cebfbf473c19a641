//! Quantizing before a `Pad` instead of behind it.
//!
//! ATC merges a `Pad` into the convolution in the form `AscendQuant -> Pad -> Conv2D`, if the pad has one
//! reader and adds constant zeros to height and width only, 255 in sum at most along each. Another pad
//! stays an operator, which some chips do not have for int8. The values are the same either way, since the
//! quantized zero is a zero of the simulation too.

use amct_graph::views::WindowAttrs;
use amct_graph::{Consumers, Graph, LayerKind, Node, NodeId, op};

use super::QuantizableLayer;
use crate::outputs::Outputs;

/// The most zeros that ATC's pass merges along one axis.
const MAX_SUM: i64 = 255;

/// Moves the input of every convolution behind a pad that ATC merges to the pad's own input.
pub(super) fn look_behind_pads(
    graph: &Graph,
    consumers: &Consumers,
    outputs: &Outputs,
    layers: &mut [QuantizableLayer],
) {
    for layer in layers {
        let pad = layer.input.node;
        // A PadV2 of zeros would do the same, but ATC's patterns know the type Pad alone.
        let is_candidate = graph.node(pad).op == op::PAD
            && matches!(layer.kind, LayerKind::Conv2d | LayerKind::DepthwiseConv2d)
            && !outputs.has_node(pad);
        if !is_candidate {
            continue;
        }
        match (problem(graph, consumers, pad, graph.node(layer.node)), graph.node(pad).inputs.first()) {
            (None, Some(&behind)) => {
                layer.pad = Some(pad);
                layer.input = behind;
            }
            (Some(problem), _) => {
                let name = &layer.name;
                log::info!(target: super::PASS, "layer '{name}': AscendQuant goes behind its Pad, which has {problem}");
            }
            (None, None) => {}
        }
    }
}

/// Why ATC does not merge a `Pad` into the layer that reads it, if it does not.
pub(crate) fn problem(graph: &Graph, consumers: &Consumers, pad: NodeId, layer: &Node) -> Option<String> {
    let readers = consumers.all(pad).count();
    if readers > 1 {
        return Some(format!("{readers} readers"));
    }
    let paddings =
        graph.node(pad).inputs.get(1).and_then(|&paddings| graph.constant(paddings).ok().flatten());
    let Some(paddings) = paddings.and_then(|paddings| paddings.to_i64_vec().ok()) else {
        return Some("paddings that are computed".to_owned());
    };
    let Ok(window) = WindowAttrs::of(layer) else { return Some("a layer of unknown layout".to_owned()) };
    let (height, width) = window.format.spatial_axes();
    let only_spatial = paddings.len() == 8
        && paddings
            .chunks(2)
            .enumerate()
            .all(|(axis, pair)| pair.iter().all(|&p| p == 0 || (p > 0 && (axis == height || axis == width))));
    if !only_spatial {
        return Some(format!("paddings {paddings:?} beyond height and width"));
    }
    let widest = paddings
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |sum: i64, &p| sum.saturating_add(p)))
        .max()
        .unwrap_or(0);
    (widest > MAX_SUM).then(|| format!("{widest} zeros along one axis, more than {MAX_SUM}"))
}
