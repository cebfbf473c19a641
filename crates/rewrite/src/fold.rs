//! Folding inference batch norm into the convolution before it.
//!
//! `Conv2D` or `DepthwiseConv2dNative`, then optionally one `BiasAdd`, then `FusedBatchNorm`,
//! `V2` or `V3`, each the only reader of the one before, becomes the convolution with new weights
//! and one `BiasAdd`. An existing `BiasAdd` keeps its name; a new one is called
//! `S/bias_add/BiasAdd` (S: the convolution's scope), after the only name of its kind that AMCT
//! shows. Constants are never changed in place, since other layers may read them.
//!
//! Source: `reference/amct-algorithms.md` section 6, `reference/amct-tf-spec.md` section 8.

mod arithmetic;
mod pattern;
mod rewrite;
mod skip;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use amct_graph::Graph;

pub use skip::FoldSkip;

use crate::RewriteError;
use crate::outputs::Outputs;
use crate::report::{Outcome, PassReport};

/// The pass's name in reports and logs.
pub const PASS: &str = "conv_bn_fusion";

/// What [`fold_batch_norm`] may do.
#[derive(Clone, Debug)]
pub struct FoldOptions {
    /// `do_fusion` of the configuration; if false every batch norm is reported as skipped.
    pub enabled: bool,
    /// `skip_fusion_layers`: names of convolutions (or batch norms) to leave alone.
    pub skip_layers: BTreeSet<String>,
    /// The requested outputs as `name` or `name:slot`; they stay addressable with the same value.
    pub outputs: Vec<String>,
}

impl Default for FoldOptions {
    fn default() -> Self {
        Self { enabled: true, skip_layers: BTreeSet::new(), outputs: Vec::new() }
    }
}

/// One batch norm folded, by the names of its nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldedGroup {
    /// The convolution, which keeps its name.
    pub layer: String,
    /// The `BiasAdd` that now ends the group.
    pub bias_add: String,
    /// The original nodes of the group in order: convolution, `BiasAdd` if there was one, batch norm.
    pub original: Vec<String>,
}

impl FoldedGroup {
    /// The original node whose output the group's end now gives: the batch norm.
    pub fn last(&self) -> &str {
        self.original.last().map_or("", String::as_str)
    }
}

/// What [`fold_batch_norm`] did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoldReport {
    /// The groups folded, in graph order.
    pub groups: Vec<FoldedGroup>,
    /// Every batch norm of the graph, in graph order.
    pub nodes: PassReport<FoldSkip>,
}

impl FoldReport {
    /// The batch norms left alone because they are in training mode. Such a graph cannot be
    /// quantized with meaning: the caller decides whether that is an error.
    pub fn training(&self) -> impl Iterator<Item = &str> {
        self.nodes.skipped().filter(|(_, reason)| matches!(reason, FoldSkip::Training)).map(|(name, _)| name)
    }
}

/// Folds every batch norm it can; the others are reported with the reason.
///
/// Arithmetic is f32: `w' = w / sqrt(variance + epsilon) * gamma` and
/// `b' = (b - mean) / sqrt(variance + epsilon) * gamma + beta`, in this order.
///
/// # Errors
/// [`RewriteError::Graph`] if a requested output is not in the graph. The graph is then unchanged.
pub fn fold_batch_norm(graph: &mut Graph, options: &FoldOptions) -> Result<FoldReport, RewriteError> {
    let outputs = Outputs::resolve(graph, &options.outputs)?;
    let mut next = graph.clone();
    let mut report = FoldReport::default();
    let mut rewrite = rewrite::Rewrite::new(graph, &outputs);
    let search = pattern::Search::new(graph, &outputs, options);
    for (id, node) in graph.nodes().filter(|(_, node)| pattern::is_batch_norm(&node.op)) {
        let outcome = match search.at(id) {
            Ok(found) => {
                rewrite.add(found)?;
                Outcome::Applied
            }
            Err(reason) => Outcome::Skipped(reason),
        };
        report.nodes.add(PASS, &node.name, &node.op, outcome);
    }
    report.groups = rewrite.finish(&mut next)?;
    let skipped = report.nodes.skipped().count();
    log::info!(target: PASS, "{} batch norms folded, {skipped} left as they are", report.groups.len());
    *graph = next;
    Ok(report)
}
