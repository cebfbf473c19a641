//! Every node's output in files, as Ascend's comparison tools read the outputs of the original model.
//!
//! One `.npy` file for each output, flat in a directory, named `NODE.SLOT.TIME.npy` with `/` and `.` of the
//! node's name as `_`. Source: `docs/sources/dumps.md` section 1.

mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use amct_calibration::tidied;
use amct_dataset::write_npy;
use amct_graph::{Graph, NodeId, Outlet, op};
use amct_interpreter::{Arithmetic, Feeds, OpError, PlanOptions, Value};
use amct_tensor::{DType, Tensor, internal};

use self::names::Files;
pub use self::names::{DumpError, NodePatterns};
pub(crate) use self::names::{MAPPING, file_part};
use crate::{Error, signature};

/// What [`dump`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dumped {
    /// How many files.
    pub files: usize,
    /// Outputs that no file can hold, with the reason.
    pub skipped: Vec<(String, String)>,
}

/// What is dumped, and how.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DumpOptions {
    /// Which nodes.
    pub nodes: NodePatterns,
    /// Whether what a chip holds as integers is written as such: int8 activations as they are, with their
    /// zero offset in them, and int32 sums.
    pub integers: bool,
}

impl DumpOptions {
    /// These nodes, as floats.
    pub fn new(nodes: NodePatterns) -> Self {
        Self { nodes, integers: false }
    }

    /// The same, with or without integers as such.
    #[must_use]
    pub fn with_integers(self, integers: bool) -> Self {
        Self { integers, ..self }
    }
}

/// Runs a model once and writes the outputs of the nodes that are wanted into `directory`, each as
/// soon as it is computed: no more is kept in memory than a run needs.
///
/// Unless integers are asked for, values are those of TensorFlow: what is int8 between `AscendQuant` and
/// `AscendDequant` is written as `q - offset` in float32, int32 sums as float32. Nodes that the outputs do not need, or that lie on a
/// branch never taken, have no file.
///
/// # Errors
/// [`DumpError`] for a directory that holds arrays already, for two nodes with one file name and for a
/// pattern that fits no node; a model that does not run; a file that cannot be written.
pub fn dump(
    graph: &Graph,
    outputs: &[String],
    arithmetic: Arithmetic,
    feeds: &Feeds,
    options: &DumpOptions,
    directory: &Path,
) -> Result<Dumped, Error> {
    let outputs = signature::outputs(graph, outputs)?;
    let outlets = signature::outlets(graph, &outputs)?;
    let fed: Vec<NodeId> = feeds.names().filter_map(|name| graph.find(name)).collect();
    let needed = tidied::computed(graph, &outlets, &fed)?;
    let wanted = options.nodes.select(graph, &needed)?;
    let observed = observed(graph, &needed, &outlets, &wanted);
    let files = Files::new(graph, &observed)?;
    files.prepare(directory)?;
    let plan = tidied::plan(graph, &outlets, &PlanOptions { arithmetic, observed, fed })?;
    let mut dumped = Dumped { files: 0, skipped: Vec::new() };
    let mut written = BTreeMap::new();
    plan.run_observed(feeds, &mut |outlet, value| -> Result<(), Error> {
        let tensor = if options.integers { integers(value) } else { tensor(graph, outlet, value)? };
        if tensor.dtype() == DType::String {
            dumped.skipped.push((name(graph, outlet), "a .npy file holds no strings".to_owned()));
        } else {
            let file = files.name(outlet);
            let file = file.ok_or_else(|| internal!("no file for '{}'", name(graph, outlet)))?;
            write_npy(directory.join(file), &tensor)?;
            written.insert(outlet, ());
            dumped.files += 1;
        }
        Ok(())
    })?;
    files.write_mapping(directory, |outlet| written.contains_key(&outlet))?;
    Ok(dumped)
}

/// The first output of each wanted node, and the others that a node reads.
fn observed(graph: &Graph, needed: &[NodeId], outputs: &[Outlet], wanted: &BTreeSet<NodeId>) -> Vec<Outlet> {
    let read = needed.iter().flat_map(|&id| graph.node(id).inputs.iter().copied());
    let mut outlets: BTreeSet<Outlet> = read.chain(outputs.iter().copied()).collect();
    outlets.extend(wanted.iter().filter(|&&id| has_output(&graph.node(id).op)).map(|&id| Outlet::from(id)));
    outlets.retain(|outlet| wanted.contains(&outlet.node));
    outlets.into_iter().collect()
}

/// Whether nodes of this op have an output at all.
fn has_output(op: &str) -> bool {
    !matches!(op, op::NO_OP | op::ASSERT | op::CONTROL_TRIGGER)
}

/// A value as a chip has it.
fn integers(value: &Value) -> Tensor {
    match value {
        Value::Plain(tensor) => tensor.clone(),
        Value::Quantized { q, .. } => q.clone(),
    }
}

/// A value as TensorFlow has it.
fn tensor(graph: &Graph, outlet: Outlet, value: &Value) -> Result<Tensor, OpError> {
    let tensor = value.clone().simulated()?;
    let stands_for_floats = tensor.dtype() == DType::I32
        && graph.node(outlet.node).attributes().dtype("T").ok().flatten() == Some(DType::F32);
    if !stands_for_floats {
        return Ok(tensor);
    }
    let floats = tensor.as_slice::<i32>()?.iter().map(|&sum| sum as f32).collect();
    Ok(Tensor::from_vec::<f32>(tensor.shape(), floats)?)
}

fn name(graph: &Graph, outlet: Outlet) -> String {
    format!("{}:{}", graph.node(outlet.node).name, outlet.slot)
}
