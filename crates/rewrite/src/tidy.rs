//! The graph as it is computed: what is known before any run is decided, and what does nothing is left out.
//!
//! [`passes`] lists what is done, in order. Node ids stay, and no node is removed: a node that the outputs no
//! longer need is simply not needed.

mod conditional;
mod dropout;

use amct_graph::{Graph, GraphError, Outlet};

use self::conditional::DecideConditionals;
use self::dropout::DropInertDropouts;
use crate::pass::{Change, Pass, PassContext, TidySkip};
use crate::provenance::Provenance;
use crate::report::{Outcome, PassReport};

/// The tidying passes, in the order in which a graph goes through them. A later one sees what the earlier ones
/// have made of the graph.
pub fn passes() -> [&'static dyn Pass; 2] {
    [
        // What lies on a branch that is never taken must not be looked at by any other pass.
        &DecideConditionals,
        // A rate of dropout may have been a conditional.
        &DropInertDropouts,
    ]
}

/// What the tidied graph is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be computed: all passes.
    Computing,
    /// To be written: those passes whose change belongs into the file.
    Writing,
}

/// A graph that has gone through the passes.
#[derive(Clone, Debug)]
pub struct Tidied {
    /// The graph.
    pub graph: Graph,
    /// Where the values of the given graph are in it.
    pub provenance: Provenance,
    /// What each pass did, by its name.
    pub reports: Vec<(&'static str, PassReport<TidySkip>)>,
}

impl Tidied {
    /// The `Switch`, and what it depends on, that leaves open whether one of the outputs is computed.
    pub fn undecided(&self) -> Option<(&str, &str)> {
        let skipped = self.reports.iter().flat_map(|(_, report)| report.skipped());
        skipped.into_iter().find_map(|(_, reason)| match reason {
            TidySkip::Undecided { switch, predicate } => Some((switch.as_str(), predicate.as_str())),
            _ => None,
        })
    }
}

/// Runs the passes until none finds anything to do.
///
/// # Errors
/// [`GraphError::Cycle`], or a constant that cannot be decoded.
pub fn tidy(graph: &Graph, context: &PassContext<'_>, purpose: Purpose) -> Result<Tidied, GraphError> {
    let passes = passes().into_iter().filter(|pass| purpose == Purpose::Computing || pass.is_written());
    run(&passes.collect::<Vec<_>>(), graph, context)
}

fn run(passes: &[&dyn Pass], graph: &Graph, context: &PassContext<'_>) -> Result<Tidied, GraphError> {
    let mut tidied = Tidied {
        graph: graph.clone(),
        provenance: Provenance::default(),
        reports: passes.iter().map(|pass| (pass.name(), PassReport::default())).collect(),
    };
    // A pass that changes the graph on its own result would not come to an end.
    for _ in 0..=graph.capacity() {
        let mut is_done = true;
        for (pass, (name, report)) in passes.iter().zip(&mut tidied.reports) {
            let places = context.outputs.iter().filter_map(|&outlet| tidied.provenance.place(outlet));
            let outputs: Vec<Outlet> = places.collect();
            let context = PassContext { outputs: &outputs, ..*context };
            let Change { patch, moves, report: new } = pass.run(&tidied.graph, &context)?;
            is_done &= patch.is_empty();
            let added = if patch.is_empty() { Vec::new() } else { tidied.graph.apply(&patch)? };
            tidied.provenance.then(moves.applied(&added));
            // What was left in an earlier round has been looked at again.
            let is_new = |name: &str| new.nodes.iter().any(|node| node.node == name);
            report.nodes.retain(|old| old.outcome == Outcome::Applied && !is_new(&old.node));
            for node in &new.nodes {
                log::debug!(target: name, "{} '{}': {}", node.op, node.node, node.outcome);
            }
            report.nodes.extend(new.nodes);
        }
        if is_done {
            break;
        }
    }
    Ok(tidied)
}

#[cfg(test)]
mod tests;
