//! What a graph is: inputs, outputs, operators, size, and which layers can be quantized.

mod layers;
mod not_run;
mod work;

use std::collections::BTreeMap;

use amct_calibration::tidied;
use amct_graph::{AttrValue, Graph, GraphError, NodeId, Outlet, op};
use amct_interpreter::{Arithmetic, PlanError, PlanOptions, UnsupportedOp};
use amct_tensor::DType;

use crate::{Error, signature};
use layers::Layers;
pub use not_run::NotRun;

/// A graph seen from outside.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Inspection {
    /// The placeholders that the outputs need, and those with a default.
    pub inputs: Vec<Input>,
    /// The outputs asked for, or all nodes that nobody reads.
    pub outputs: Vec<String>,
    /// Op types with the number of their nodes, by name.
    pub ops: BTreeMap<String, usize>,
    /// Elements of all floating point constants that the outputs need.
    pub parameters: u64,
    /// Multiply-accumulates of one run at [`shapes`](Self::shapes), if it could be run.
    pub macs: Option<u64>,
    /// The input shapes that the work was counted for.
    pub shapes: BTreeMap<String, Vec<usize>>,
    /// Why the work could not be counted, if it could not.
    pub not_run: Option<NotRun>,
    /// Op types that amct cannot run.
    pub unsupported: Vec<UnsupportedOp>,
    /// Layers that can be quantized, with their op.
    pub quantizable: Vec<(String, String)>,
    /// Layers of those kinds that cannot, with op and reason.
    pub not_quantizable: Vec<(String, String, String)>,
    /// Layers, quantized or quantizable, that ATC runs in float16 or has something against: name, op and
    /// reason. As far as shapes decide, they are those at [`shapes`](Self::shapes).
    pub not_int8: Vec<(String, String, String)>,
    /// Whether the graph already holds AMCT's layers.
    pub quantized: bool,
}

/// One input of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Input {
    /// Name of the placeholder.
    pub name: String,
    /// Element type, if the graph says.
    pub dtype: Option<DType>,
    /// Dimensions, `None` for a free one; `None` altogether if the rank is unknown.
    pub shape: Option<Vec<Option<usize>>>,
    /// Whether it has a default and need not be fed.
    pub has_default: bool,
}

/// Inspects a graph for the given outputs (all leaves if there are none). `shapes` gives inputs
/// their shape for counting the work; a free batch dimension is 1 without it.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let graph = amct::graphdef::load("tests/golden/graphs/mobilenet_v1.pb".as_ref())?;
/// let found = amct::inspect::inspect(&graph, &[], &Default::default())?;
/// assert!(!found.quantized && !found.quantizable.is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Unknown names, a cycle, or a constant that cannot be decoded.
pub fn inspect(
    graph: &Graph,
    outputs: &[String],
    shapes: &BTreeMap<String, Vec<usize>>,
) -> Result<Inspection, Error> {
    let outputs = if outputs.is_empty() {
        graph.leaves().into_iter().map(|id| graph.node(id).name.clone()).collect()
    } else {
        signature::outputs(graph, outputs)?
    };
    let outlets = signature::outlets(graph, &outputs)?;
    let roots: Vec<NodeId> = outlets.iter().map(|outlet| outlet.node).collect();
    let needed = graph.needed_by(&roots)?;
    let mut ops = BTreeMap::new();
    for &id in &needed {
        *ops.entry(graph.node(id).op.clone()).or_default() += 1;
    }
    let inputs = inputs(graph, &needed)?;
    let unsupported = unsupported(graph, &outlets);
    let work = work::count(graph, &outlets, &inputs, shapes);
    let Layers { quantizable, not_quantizable, not_int8 } = layers::find(graph, &outputs, shapes)?;
    Ok(Inspection {
        inputs,
        outputs,
        ops,
        parameters: parameters(graph, &needed),
        macs: work.macs,
        shapes: work.shapes,
        // The list of operators says it already.
        not_run: if unsupported.is_empty() { work.not_run } else { Some(NotRun::MissingOperators) },
        unsupported,
        quantizable,
        not_quantizable,
        not_int8,
        quantized: amct_rewrite::already_quantized(graph).is_some(),
    })
}

fn inputs(graph: &Graph, needed: &[NodeId]) -> Result<Vec<Input>, GraphError> {
    let mut found = Vec::new();
    for id in graph.placeholders() {
        if !needed.contains(&id) {
            continue;
        }
        let node = graph.node(id);
        let attrs = node.attributes();
        let shape = attrs.shape("shape")?.filter(|shape| !shape.dims.is_empty());
        found.push(Input {
            name: node.name.clone(),
            dtype: attrs.dtype("dtype")?,
            shape: shape.and_then(|shape| shape.sizes()),
            has_default: node.op == op::PLACEHOLDER_WITH_DEFAULT,
        });
    }
    Ok(found)
}

fn parameters(graph: &Graph, needed: &[NodeId]) -> u64 {
    let elements = |id: &NodeId| -> Option<u64> {
        let node = graph.node(*id);
        let (true, Some(AttrValue::Tensor(literal))) = (node.op == op::CONST, node.attrs.get("value")) else {
            return None;
        };
        let float = matches!(literal.element_type(), Some(DType::F16 | DType::F32 | DType::F64 | DType::I8));
        let dims = literal.dims().ok().filter(|_| float)?;
        dims.iter().try_fold(1_u64, |product, &dim| product.checked_mul(dim as u64))
    };
    needed.iter().filter_map(elements).fold(0, u64::saturating_add)
}

fn unsupported(graph: &Graph, outlets: &[Outlet]) -> Vec<UnsupportedOp> {
    let options = PlanOptions { arithmetic: Arithmetic::Integer, ..PlanOptions::default() };
    match tidied::plan(graph, outlets, &options) {
        Err(PlanError::Unsupported(ops)) => ops,
        _ => Vec::new(),
    }
}
