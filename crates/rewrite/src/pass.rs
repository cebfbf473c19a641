//! What a tidying pass is: graph to graph by one patch, with the places of the old values in the new graph and a
//! report node by node.

use std::fmt;

use amct_graph::{Graph, GraphError, NodeId, Outlet, Patch};
use amct_tensor::Tensor;

use crate::provenance::Moves;
use crate::report::PassReport;

/// The value of an outlet that depends on constants alone, or why it has none. This crate runs no graphs: the
/// caller evaluates.
pub type Evaluate<'a> = dyn Fn(&Graph, Outlet) -> Result<Tensor, String> + 'a;

/// What a pass is told besides the graph.
pub struct PassContext<'a> {
    /// The outlets that somebody asks for: they keep their values.
    pub outputs: &'a [Outlet],
    /// The nodes that will be fed although they have a default.
    pub fed: &'a [NodeId],
    /// Evaluates constants.
    pub evaluate: &'a Evaluate<'a>,
}

impl PassContext<'_> {
    /// The nodes of the outputs.
    pub fn roots(&self) -> Vec<NodeId> {
        self.outputs.iter().map(|outlet| outlet.node).collect()
    }
}

/// A pass that makes a graph simpler and leaves the values of the outputs as they are.
///
/// A pass refuses no graph: what it cannot do it reports. Run on its own result it finds nothing to do.
pub trait Pass: Sync {
    /// Its name in reports and logs.
    fn name(&self) -> &'static str;

    /// Whether its change belongs into the file that is written. Otherwise the file keeps what was there, and
    /// only what is computed sees the change.
    fn is_written(&self) -> bool;

    /// The change of a graph.
    ///
    /// # Errors
    /// The graph is not sound: a cycle, or a constant that cannot be decoded.
    fn run(&self, graph: &Graph, context: &PassContext<'_>) -> Result<Change, GraphError>;
}

/// What a pass does to a graph.
#[derive(Default)]
pub struct Change {
    /// The change itself; empty if there is nothing to do.
    pub patch: Patch,
    /// Which values are elsewhere once it is applied.
    pub moves: Moves,
    /// The nodes that it changed, and those that it had to leave, with the reasons.
    pub report: PassReport<TidySkip>,
}

/// Why a tidying pass left something as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TidySkip {
    /// Whether the value is computed depends on a value that is not constant.
    Undecided {
        /// The `Switch`.
        switch: String,
        /// What it depends on.
        predicate: String,
    },
    /// The random numbers matter.
    Random,
    /// The value itself is asked for.
    Requested,
}

impl fmt::Display for TidySkip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TidySkip::Undecided { switch, predicate } => {
                write!(f, "'{predicate}', which decides at Switch '{switch}', is not constant")
            }
            TidySkip::Random => f.write_str("it depends on random numbers"),
            TidySkip::Requested => f.write_str("its value is asked for, or read where its shape matters"),
        }
    }
}
