//! What an operator is: the trait, what it is built from, and the inputs of one run.

use std::collections::BTreeSet;
use std::sync::Arc;

use amct_graph::{AttrError, Attributes, Graph, Node, Outlet};
use amct_tensor::Tensor;

use crate::fusible::{Absorbable, Fusible};
use crate::memory::Memory;
use crate::{OpError, Value};

/// A node made ready to run.
pub trait Operator: Send + Sync {
    /// Computes the node's outputs.
    ///
    /// # Errors
    /// [`OpError`] for inputs it does not take.
    fn run(&self, inputs: Inputs) -> Result<Vec<Value>, OpError>;

    /// What a layer next to the node may do in its place.
    fn absorbable(&self) -> Option<Absorbable> {
        None
    }

    /// The operator as a layer that may absorb others, if it is one.
    fn as_fusible(&self) -> Option<&dyn Fusible> {
        None
    }

    /// [`as_fusible`](Self::as_fusible), to absorb.
    fn as_fusible_mut(&mut self) -> Option<&mut dyn Fusible> {
        None
    }

    /// Whether image i of every output (index i of the first axis) is computed from image i of the
    /// batched inputs alone, all alike. `batched` tells which of the inputs those are; the others
    /// are the same for every image.
    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        let _ = (inputs, batched);
        false
    }
}

/// The inputs of one run of an operator. A value that nobody needs later is the only holder of
/// its buffer, so taking it allows working in place.
#[derive(Debug)]
pub struct Inputs {
    values: Vec<Option<Value>>,
    memory: Arc<Memory>,
}

impl Inputs {
    pub(crate) fn new(values: Vec<Option<Value>>) -> Self {
        Self::with_memory(values, Arc::default())
    }

    pub(crate) fn with_memory(values: Vec<Option<Value>>, memory: Arc<Memory>) -> Self {
        Self { values, memory }
    }

    /// The buffers of the plan, for outputs to be made of and inputs to be given back to.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Takes input `index`.
    ///
    /// # Errors
    /// [`OpError::MissingInput`].
    pub fn value(&mut self, index: usize) -> Result<Value, OpError> {
        self.values.get_mut(index).and_then(Option::take).ok_or(OpError::MissingInput(index))
    }

    /// Takes input `index` as a plain tensor.
    ///
    /// # Errors
    /// [`OpError::MissingInput`], [`OpError::Quantized`].
    pub fn tensor(&mut self, index: usize) -> Result<Tensor, OpError> {
        self.value(index)?.plain()
    }

    /// Takes input `index`, integers of any type and of rank at most 1.
    ///
    /// # Errors
    /// [`OpError::MissingInput`], [`OpError::Tensor`] for other types, [`OpError::Shape`].
    pub fn integers(&mut self, index: usize) -> Result<Vec<i64>, OpError> {
        let tensor = self.tensor(index)?;
        if tensor.rank() > 1 {
            return Err(OpError::shape(format!("a vector of integers as input {index}"), tensor.shape()));
        }
        Ok(tensor.to_i64_vec()?)
    }

    /// Takes input `index`, one integer of any type.
    ///
    /// # Errors
    /// [`OpError::MissingInput`], [`OpError::Tensor`] for other types, [`OpError::Shape`].
    pub fn integer(&mut self, index: usize) -> Result<i64, OpError> {
        let tensor = self.tensor(index)?;
        match tensor.to_i64_vec()?.as_slice() {
            &[value] => Ok(value),
            _ => Err(OpError::shape(format!("one integer as input {index}"), tensor.shape())),
        }
    }

    /// The number of inputs.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// What an operator is built from: its node and the inputs that are constant.
pub struct BuildContext<'a> {
    graph: &'a Graph,
    node: &'a Node,
    constants: Vec<Option<Value>>,
    absorbed: BTreeSet<usize>,
}

impl<'a> BuildContext<'a> {
    pub(crate) fn new(graph: &'a Graph, node: &'a Node, constants: Vec<Option<Value>>) -> Self {
        Self { graph, node, constants, absorbed: BTreeSet::new() }
    }

    /// The node.
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes<'a> {
        self.node.attributes()
    }

    /// Input `index`, if it is a constant tensor.
    pub fn constant(&self, index: usize) -> Option<&Tensor> {
        match self.constants.get(index) {
            Some(Some(Value::Plain(tensor))) => Some(tensor),
            _ => None,
        }
    }

    /// Input `index`, if it is a constant tensor; it is not passed to [`Operator::run`] then, so
    /// that a constant that is packed is not held twice.
    pub fn take_constant(&mut self, index: usize) -> Option<Tensor> {
        let tensor = self.constant(index)?.clone();
        self.absorbed.insert(index);
        Some(tensor)
    }

    /// The node that computes input `index`.
    pub fn producer(&self, index: usize) -> Option<&'a Node> {
        self.node_of(*self.node.inputs.get(index)?)
    }

    /// The node that computes an outlet.
    pub fn node_of(&self, outlet: Outlet) -> Option<&'a Node> {
        self.graph.get(outlet.node)
    }

    /// The value of the graph's constant behind an outlet, as the file has it.
    pub fn graph_constant(&self, outlet: Outlet) -> Option<Tensor> {
        self.graph.constant(outlet).ok().flatten()
    }

    /// Checks the number of data inputs.
    ///
    /// # Errors
    /// [`AttrError`] naming the node.
    pub fn expect_inputs(&self, count: usize) -> Result<(), AttrError> {
        let found = self.node.inputs.len();
        if found == count {
            return Ok(());
        }
        Err(self.attributes().error("input", format!("{count} data inputs"), found.to_string()))
    }

    /// Checks that there are as many data inputs as attribute `count` says, and `more`.
    ///
    /// # Errors
    /// [`AttrError`] naming the node.
    pub fn expect_counted_inputs(&self, count: &str, more: usize) -> Result<(), AttrError> {
        let found = self.node.inputs.len();
        let wanted = self.attributes().int_or(count, -1)?;
        if usize::try_from(wanted).ok().and_then(|n| n.checked_add(more)) == Some(found) {
            return Ok(());
        }
        let expected = format!("the number of data inputs, {}", found.saturating_sub(more));
        Err(self.attributes().error(count, expected, wanted.to_string()))
    }

    pub(crate) fn absorbed(self) -> BTreeSet<usize> {
        self.absorbed
    }
}
