//! Folding what scales and shifts a layer's output into its weights and bias.
//!
//! Steps that are folded, each the only reader of the layer before it:
//! * inference `FusedBatchNorm`, `V2`, `V3`;
//! * the batch norm of small ops that `tf.nn.batch_normalization` and unfused Keras layers make,
//!   `x * (rsqrt(variance + epsilon) [* gamma]) + ([beta] - mean * that)`, in any order of
//!   operands, to the same bits as the fused one;
//! * the same with its constants already folded to two, `x * s + t`;
//! * a product with a constant, one value or one per channel;
//! * a sum with a constant of one value or one per channel, which becomes a `BiasAdd`.
//!
//! The layer is a `Conv2D`, `DepthwiseConv2dNative`, `Conv2DBackpropInput`, `Conv3D`, `MatMul` or
//! `BatchMatMul`, with or without a `BiasAdd`. Between layer and step one node may stand that
//! keeps channels apart and stays where it is: `BatchToSpaceND`, the `Reshape` of a `MatMul` to
//! rank 4, or the concatenation of a group convolution, whose parts each get their share.
//! Steps behind one another are folded in turn. What follows an activation stays: it acts on
//! other values. A batch norm that follows no layer is folded into the one behind it, where that
//! reads no padding.
//!
//! An existing `BiasAdd` keeps its name; a new one is called `S/bias_add/BiasAdd` (S: the layer's
//! scope), after the only name of its kind that AMCT shows. Constants are never changed in place,
//! since other layers may read them.
//!
//! Source: `docs/sources/algorithms.md` section 8, `docs/sources/amct.md` section 8.

mod arithmetic;
mod check;
mod group;
mod in_front;
mod inputs;
mod layer;
mod pattern;
mod rewrite;
mod skip;
mod step;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::{Graph, NodeId};

pub use group::{FoldedGroup, Through};
pub use skip::FoldSkip;

use crate::RewriteError;
use crate::outputs::Outputs;
use crate::provenance::Told;
use crate::report::{Outcome, PassReport};

/// The pass's name in reports and logs.
pub const PASS: &str = "conv_bn_fusion";

/// What [`fold()`] may do.
#[derive(Clone, Debug)]
pub struct FoldOptions {
    /// `do_fusion` of the configuration; if false everything is reported as skipped.
    pub enabled: bool,
    /// `skip_fusion_layers`: names of layers (or of what follows them) to leave alone.
    pub skip_layers: BTreeSet<String>,
    /// The requested outputs as `name` or `name:slot`; they stay addressable with the same value.
    pub outputs: Vec<String>,
}

impl Default for FoldOptions {
    fn default() -> Self {
        Self { enabled: true, skip_layers: BTreeSet::new(), outputs: Vec::new() }
    }
}

/// What [`fold()`] did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoldReport {
    /// The layers that something was folded into, in the order in which it first was.
    pub groups: Vec<FoldedGroup>,
    /// Every batch norm of the graph, and every product and sum behind a layer, in graph order.
    pub nodes: PassReport<FoldSkip>,
}

impl FoldReport {
    /// The batch norms left alone because they are in training mode. Such a graph cannot be
    /// quantized with meaning: the caller decides whether that is an error.
    pub fn training(&self) -> impl Iterator<Item = &str> {
        self.nodes.skipped().filter(|(_, reason)| matches!(reason, FoldSkip::Training)).map(|(name, _)| name)
    }

    /// What the nodes of the folded layers stand for.
    pub fn told(&self) -> Told {
        self.groups.iter().flat_map(FoldedGroup::told).collect()
    }
}

/// A node's name, op and what happened to it.
type Seen = BTreeMap<NodeId, (String, String, Outcome<FoldSkip>)>;

/// Folds all it can; the rest is reported with the reason.
///
/// Arithmetic is f32. For a batch norm, `w' = w / sqrt(variance + epsilon) * gamma` and
/// `b' = (b - mean) / sqrt(variance + epsilon) * gamma + beta`, in this order.
///
/// # Errors
/// [`RewriteError::Graph`] if a requested output is not in the graph. The graph is then unchanged.
pub fn fold(graph: &mut Graph, options: &FoldOptions) -> Result<FoldReport, RewriteError> {
    let mut next = graph.clone();
    let mut report = FoldReport::default();
    let mut applied = Seen::new();
    if options.enabled {
        inputs::fold(&mut next, &Outputs::resolve(graph, &options.outputs)?)?;
    }
    // Every round but the last removes a node that the graph had, so there are not more rounds.
    let mut skipped = loop {
        let outputs = Outputs::resolve(&next, &options.outputs)?;
        let mut rewrite = rewrite::Rewrite::new(&next, &outputs);
        let round = round(&next, &outputs, options, &mut rewrite)?;
        if round.applied.is_empty() {
            break round.skipped;
        }
        applied.extend(round.applied);
        next = rewrite.finish(&mut report.groups)?;
    };
    if options.enabled {
        fold_in_front(&mut next, options, &mut report.groups, &mut applied, &mut skipped)?;
    }
    let folded = applied.len();
    for (_, (name, op, outcome)) in applied.into_iter().chain(skipped).collect::<BTreeMap<_, _>>() {
        report.nodes.add(PASS, &name, &op, outcome);
    }
    let skipped = report.nodes.skipped().count();
    log::info!(target: PASS, "{folded} batch norms, products and sums folded, {skipped} left as they are");
    *graph = next;
    Ok(report)
}

/// Folds the batch norms that are left into the layers behind them, one after the other.
fn fold_in_front(
    graph: &mut Graph,
    options: &FoldOptions,
    groups: &mut Vec<FoldedGroup>,
    applied: &mut Seen,
    skipped: &mut Seen,
) -> Result<(), RewriteError> {
    let ids: Vec<NodeId> = graph.nodes().map(|(id, _)| id).collect();
    for id in ids {
        // Gone with another norm, or the user wants it left.
        let listed = matches!(skipped.get(&id), Some((_, _, Outcome::Skipped(FoldSkip::Listed))));
        if graph.get(id).is_none() || listed {
            continue;
        }
        let steps = step::at(graph, id).unwrap_or_default();
        let Some(norm) = steps.into_iter().find(|step| step.kind.is_norm()) else { continue };
        let outputs = Outputs::resolve(graph, &options.outputs)?;
        let found = pattern::Search::new(graph, &outputs, options).in_front(norm);
        let (name, op) = (graph.node(id).name.clone(), graph.node(id).op.clone());
        match found {
            None => {}
            Some(Err(reason)) => {
                // What kept it from the layer before it, if there is one, is the better reason.
                let known = skipped.entry(id).or_insert((name, op, Outcome::Skipped(reason.clone())));
                if matches!(known.2, Outcome::Skipped(FoldSkip::NotAfterConvolution { .. })) {
                    known.2 = Outcome::Skipped(reason);
                }
            }
            Some(Ok(found)) => {
                let mut rewrite = rewrite::Rewrite::new(graph, &outputs);
                rewrite.add_in_front(found)?;
                *graph = rewrite.finish(groups)?;
                skipped.remove(&id);
                applied.insert(id, (name, op, Outcome::Applied));
            }
        }
    }
    Ok(())
}

/// What one round over the graph found.
#[derive(Default)]
struct Round {
    applied: Seen,
    skipped: Seen,
}

/// Looks at every node, and takes at most one step for each layer.
fn round(
    graph: &Graph,
    outputs: &Outputs,
    options: &FoldOptions,
    rewrite: &mut rewrite::Rewrite<'_>,
) -> Result<Round, RewriteError> {
    let search = pattern::Search::new(graph, outputs, options);
    let mut round = Round::default();
    let mut steps = Vec::new();
    for (id, node) in graph.nodes() {
        match step::at(graph, id) {
            Ok(found) => steps.extend(found),
            Err(reason) => {
                round.skipped.insert(id, (node.name.clone(), node.op.clone(), Outcome::Skipped(reason)));
            }
        }
    }
    // A batch norm of small ops is one step, not a product and a sum.
    let of_norms: BTreeSet<NodeId> =
        steps.iter().filter(|step| step.kind.is_norm()).flat_map(|step| step.inner.clone()).collect();
    steps.retain(|step| step.kind.is_norm() || !of_norms.contains(&step.end));
    steps.sort_by_key(|step| (step.kind, step.end));
    let mut claimed = BTreeSet::new();
    for step in steps {
        let (id, kind) = (step.end, step.kind);
        let layers = pattern::layers_before(graph, &step);
        if round.applied.contains_key(&id) || layers.iter().any(|layer| claimed.contains(layer)) {
            continue;
        }
        let node = graph.node(id);
        let seen = |outcome| (node.name.clone(), node.op.clone(), outcome);
        match search.at(step) {
            Ok(found) => {
                claimed.extend(layers);
                rewrite.add(found)?;
                round.skipped.remove(&id);
                round.applied.insert(id, seen(Outcome::Applied));
            }
            // Of several readings of a node the first, the richest, is the one to tell about.
            Err(reason) if kind.is_norm() || reason.is_about_a_layer() => {
                round.skipped.entry(id).or_insert_with(|| seen(Outcome::Skipped(reason)));
            }
            Err(_) => {}
        }
    }
    Ok(round)
}
