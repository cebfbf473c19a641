//! Quantizing before a `Pad` instead of behind it.
//!
//! ATC merges a `Pad` into the convolution only in the form `AscendQuant -> Pad -> Conv2D`. The
//! values are the same either way, since the quantized zero is a zero of the simulation too.

use std::collections::BTreeMap;

use amct_graph::views::WindowAttrs;
use amct_graph::{Consumers, Graph, NodeId, Outlet};

use super::{LayerKind, QuantizableLayer};
use crate::outputs::Outputs;

/// Moves the input of every convolution behind a zero pad of height and width to the pad's own
/// input, provided that only such convolutions read the pad.
pub(super) fn look_behind_pads(
    graph: &Graph,
    consumers: &Consumers,
    outputs: &Outputs,
    layers: &mut [QuantizableLayer],
) {
    let mut readers: BTreeMap<NodeId, usize> = BTreeMap::new();
    for layer in layers.iter().filter(|layer| zero_pad_before(graph, layer).is_some()) {
        *readers.entry(layer.input.node).or_default() += 1;
    }
    for layer in layers {
        let pad = layer.input.node;
        let Some(behind) = zero_pad_before(graph, layer) else { continue };
        if readers.get(&pad) == Some(&consumers.all(pad).count()) && !outputs.has_node(pad) {
            layer.pad = Some(pad);
            layer.input = behind;
        }
    }
}

/// What the pad in front of a convolution reads, if it adds zeros to height and width only.
fn zero_pad_before(graph: &Graph, layer: &QuantizableLayer) -> Option<Outlet> {
    let pad = graph.node(layer.input.node);
    let &[behind, paddings, ..] = pad.inputs.as_slice() else { return None };
    // A PadV2 of zeros would do the same, but ATC's patterns know the type Pad alone.
    if pad.op != "Pad" || !matches!(layer.kind, LayerKind::Conv2d | LayerKind::DepthwiseConv2d) {
        return None;
    }
    let paddings = graph.constant(paddings).ok()??.to_i64_vec().ok()?;
    let (height, width) = WindowAttrs::of(graph.node(layer.node)).ok()?.format.spatial_axes();
    let only_spatial = paddings.len() == 8
        && paddings
            .chunks(2)
            .enumerate()
            .all(|(axis, pair)| pair.iter().all(|&p| p == 0 || (p > 0 && (axis == height || axis == width))));
    only_spatial.then_some(behind)
}
