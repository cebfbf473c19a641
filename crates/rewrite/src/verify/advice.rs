//! Rules 28 to 30: what ATC takes, but does not run in int8, or what int8 does not pay for.

use amct_graph::views::WindowAttrs;
use amct_tensor::window::Padding;

use super::context::{Context, Findings};
use super::path::Path;
use crate::LayerKind;
use crate::layers::convolution_problem;

/// The device multiplies this many input channels at a time.
const CHANNELS_AT_A_TIME: usize = 16;

/// The widest padding that ATC takes.
const MAX_PAD: usize = 255;

/// The quantized layers with weights: the layer, its kind and the shape of the weights.
fn layers<'a>(context: &'a Context<'_>) -> impl Iterator<Item = (&'a Path, LayerKind, Vec<usize>)> {
    context.paths.iter().filter_map(|path| {
        let kind = LayerKind::of_op(&context.graph.node(path.layer).op)?;
        let quant = context.graph.node(path.weight_quant?);
        let shape = context.direct_constant(quant, 0)?.shape.as_ref()?.sizes()?;
        Some((path, kind, shape.into_iter().collect::<Option<Vec<usize>>>()?))
    })
}

/// Rule 28. A depthwise layer has one input channel for each output, whatever their number.
pub(super) fn channels_are_many(context: &Context<'_>, findings: &mut Findings) {
    for (path, kind, shape) in layers(context) {
        let channels = match (kind, shape.as_slice()) {
            (LayerKind::DepthwiseConv2d, _) => continue,
            (_, &[.., channels, _]) if kind != LayerKind::ConvTranspose2d => channels,
            (_, &[.., channels]) => channels,
            _ => continue,
        };
        if channels <= CHANNELS_AT_A_TIME {
            let node = &context.graph.node(path.layer).name;
            findings.add(node, format!("{channels} input channels"), "more than 16, or a float layer");
        }
    }
}

/// Rule 29.
pub(super) fn extents_are_taken(context: &Context<'_>, findings: &mut Findings) {
    for (path, kind, shape) in layers(context) {
        let node = context.graph.node(path.layer);
        let Some(window) = WindowAttrs::of(node).ok().filter(|_| kind.is_2d_window()) else { continue };
        let kernel = shape.iter().take(2).max().copied().unwrap_or(1);
        if let Some(problem) = convolution_problem(&window, kernel) {
            findings.add(&node.name, problem, "a layer within ATC's limits");
        }
        let Padding::Explicit(pads) = window.padding else { continue };
        let widest = pads.iter().flat_map(|&(before, after)| [before, after]).max().unwrap_or(0);
        if widest > MAX_PAD {
            findings.add(&node.name, format!("padding {widest}"), format!("at most {MAX_PAD}"));
        }
    }
}

/// Rule 30, where the shape is known.
pub(super) fn pools_are_wide(context: &Context<'_>, findings: &mut Findings) {
    for path in &context.paths {
        let node = context.graph.node(path.layer);
        let Some(shape) = context.shapes.get(&path.layer.into()).filter(|_| node.op == "AvgPool") else {
            continue;
        };
        let width = WindowAttrs::of(node).ok().and_then(|window| shape.get(window.format.spatial_axes().1));
        if width == Some(&1) {
            findings.add(
                &node.name,
                format!("an output of shape {shape:?}"),
                "a width of 2 or more, or a float layer",
            );
        }
    }
}
