//! Rules 28 to 30, 32 and 33: what ATC takes, but does not run in int8, or what int8 does not pay for.

use amct_graph::views::WindowAttrs;
use amct_graph::{LayerKind, LayerPath, op};
use amct_tensor::window::Padding;

use super::context::{Context, Findings};
use crate::insert::sizes;
use crate::layers::{convolution_problem, pad};
use crate::rollback_rule::{self, RollbackReason};

/// The widest padding that ATC takes.
const MAX_PAD: usize = 255;

/// The quantized layers with weights: the layer, its kind and the shape of the weights.
fn layers<'a>(context: &'a Context<'_>) -> impl Iterator<Item = (&'a LayerPath, LayerKind, Vec<usize>)> {
    let shape = |path: &'a LayerPath| Some((path, path.kind, path.weight_shape(context.graph)?));
    context.paths.iter().filter_map(shape)
}

/// The layers that ATC gives back, with the reason.
fn rolled_back(context: &Context<'_>) -> Vec<(String, RollbackReason)> {
    let back = |path: &LayerPath| {
        let reason = rollback_rule::of_path(context.graph, path, &context.shapes)?;
        Some((context.graph.node(path.layer).name.clone(), reason))
    };
    context.paths.iter().filter_map(back).collect()
}

/// Rule 28.
pub(super) fn channels_are_many(context: &Context<'_>, findings: &mut Findings) {
    for (node, reason) in rolled_back(context) {
        if let RollbackReason::FewChannels(_) = reason {
            findings.add(&node, reason.to_string(), "more than 16, or a float layer");
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

/// Rule 30, where the shape is known. A window that is too large is rule 24's.
pub(super) fn pools_are_wide(context: &Context<'_>, findings: &mut Findings) {
    for (node, reason) in rolled_back(context) {
        if reason == RollbackReason::Narrow {
            findings.add(&node, reason.to_string(), "a width of 2 or more, or a float layer");
        }
    }
}

/// Rule 32.
pub(super) fn sizes_are_constant(context: &Context<'_>, findings: &mut Findings) {
    for path in &context.paths {
        if let Some(source) = sizes::computed(context.graph, path.kind, path.layer) {
            let node = &context.graph.node(path.layer).name;
            let expected = "a constant, at least once ATC has folded what is constant at fixed shapes";
            findings.add(node, format!("input_sizes from {source}"), expected);
        }
    }
}

/// Rule 33.
pub(super) fn pads_can_be_merged(context: &Context<'_>, findings: &mut Findings) {
    for path in &context.paths {
        let layer = context.graph.node(path.layer);
        for &id in &path.between {
            let node = context.graph.node(id);
            let problem = (node.op == op::PAD)
                .then(|| pad::problem(context.graph, &context.consumers, id, layer))
                .flatten();
            if let Some(problem) = problem {
                findings.add(&node.name, problem, "a Pad that ATC merges into its layer");
            }
        }
    }
}
