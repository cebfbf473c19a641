//! Makes a plan out of a graph: which nodes are computed, in which order, by which operator, and when
//! each value can be let go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use amct_graph::{Graph, NodeId, Outlet, ShapeAttr, op};
use amct_tensor::{DType, internal};

use crate::arithmetic::Arithmetic;
use crate::error::UnsupportedOp;
use crate::fusible::Fusible;
use crate::lines::LineLayer;
use crate::memory::Memory;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::semantics::Semantics;
use crate::{OpError, PlanError, RunError, Value, registry};

mod absorb;
mod bands;
mod constant;
mod liveness;

pub use constant::constant_value;

/// What a plan is asked for.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// How quantized layers are computed.
    pub arithmetic: Arithmetic,
    /// Outlets that are shown to the observer of a run as soon as they are computed.
    pub observed: Vec<Outlet>,
    /// `PlaceholderWithDefault` nodes that will be fed; the others keep their default.
    pub fed: Vec<NodeId>,
}

/// A graph made ready to run for certain outputs.
pub struct Plan {
    pub(crate) feeds: Vec<Feed>,
    pub(crate) steps: Vec<Step>,
    /// Values known before the run: constants that are inputs of steps, outputs or observed.
    pub(crate) constants: Vec<(usize, Value)>,
    pub(crate) outputs: Vec<usize>,
    pub(crate) observed: BTreeMap<usize, Vec<Outlet>>,
    pub(crate) slots: usize,
    /// Buffers that the runs pass on to one another.
    pub(crate) memory: Arc<Memory>,
    requantized: Vec<String>,
}

/// An input of the graph that a plan must be fed.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The placeholder.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// Its element type, if the graph says.
    pub dtype: Option<DType>,
    /// Its shape, if the graph says; -1 for a free dimension.
    pub shape: Option<ShapeAttr>,
    pub(crate) slot: usize,
}

pub(crate) struct Step {
    pub(crate) node: String,
    pub(crate) op: String,
    /// Op types of the steps that it computes as well, in order.
    pub(crate) absorbed: Vec<String>,
    pub(crate) operator: Box<dyn Operator>,
    /// Slot of each input; `None` for one that the operator holds itself.
    pub(crate) inputs: Vec<Option<usize>>,
    /// Slot of each output that somebody reads.
    pub(crate) outputs: Vec<Option<usize>>,
    /// Slots that are free once the step has run.
    pub(crate) releases: Vec<usize>,
    /// Whether the next step alone reads the output, line by line.
    pub(crate) passes_lines_on: bool,
}

impl Step {
    /// The layer that it is, if that can compute some lines by themselves.
    pub(crate) fn line_layer(&self) -> Option<&dyn LineLayer> {
        self.operator.as_fusible()?.as_line_layer()
    }

    /// Multiply-adds that make one element of the output, 0 if it is no layer.
    pub(crate) fn depth(&self) -> usize {
        self.operator.as_fusible().map_or(0, Fusible::depth)
    }
}

impl Plan {
    /// Makes a plan that computes `outputs`. Conditionals are decided before, by a pass over the graph.
    ///
    /// # Errors
    /// [`PlanError::Unsupported`] with every missing operator, [`PlanError::Graph`] for a cycle,
    /// [`PlanError::Undecided`] for a conditional,
    /// [`PlanError::Node`] if a node's attributes or constant inputs are not supported.
    pub fn compile(graph: &Graph, outputs: &[Outlet], options: &PlanOptions) -> Result<Self, PlanError> {
        let semantics = options.arithmetic.semantics(graph)?;
        let graph = semantics.graph().unwrap_or(graph);
        let computed = outputs.iter().chain(&options.observed);
        let roots: Vec<NodeId> = computed.map(|outlet| outlet.node).collect();
        let order = graph.needed_by(&roots)?;
        check_supported(graph, &order)?;
        check_decided(graph, &order, &roots)?;
        semantics.check(&order)?;
        let mut compiler = Compiler::new(graph, options, semantics.as_ref());
        for &id in &order {
            compiler.add(id)?;
        }
        let mut plan = compiler.finish(outputs, &options.observed)?;
        plan.requantized = semantics.requantized(&order);
        Ok(plan)
    }

    /// The plan with each observed outlet shown as others: those that `shown_as` names for it;
    /// an outlet that it does not name is shown no more. By them a caller
    /// calls values as they are called in the graph that the plan's was made of.
    #[must_use]
    pub fn showing(mut self, shown_as: &BTreeMap<Outlet, Vec<Outlet>>) -> Self {
        for outlets in self.observed.values_mut() {
            *outlets = outlets.iter().filter_map(|outlet| shown_as.get(outlet)).flatten().copied().collect();
        }
        self
    }

    /// The `AscendQuant`s, in graph order, that a device computes from the sums of the layer before; empty
    /// for another arithmetic.
    pub fn requantized(&self) -> &[String] {
        &self.requantized
    }

    /// The inputs that a run must be fed, in graph order.
    pub fn feeds(&self) -> &[Feed] {
        &self.feeds
    }
}

fn check_supported(graph: &Graph, order: &[NodeId]) -> Result<(), PlanError> {
    let mut missing: Vec<UnsupportedOp> = Vec::new();
    for &id in order {
        let node = graph.node(id);
        if registry::is_known(&node.op) {
            continue;
        }
        match missing.iter_mut().find(|unsupported| unsupported.op == node.op) {
            Some(unsupported) => unsupported.count += 1,
            None => {
                missing.push(UnsupportedOp { op: node.op.clone(), node: node.name.clone(), count: 1 });
            }
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(PlanError::Unsupported(missing)) }
}

/// No conditional is left among the nodes to be computed.
fn check_decided(graph: &Graph, order: &[NodeId], roots: &[NodeId]) -> Result<(), PlanError> {
    let Some(&left) = order.iter().find(|&&id| registry::is_conditional(&graph.node(id).op)) else {
        return Ok(());
    };
    // What a Merge reads may depend on the Switch by control edges alone.
    let all = graph.needed_with_controls(roots)?;
    let is_switch = |id: &&NodeId| matches!(graph.node(**id).op.as_str(), op::SWITCH | op::REF_SWITCH);
    let switch = graph.node(all.iter().find(is_switch).copied().unwrap_or(left));
    let predicate = switch.inputs.get(1);
    Err(PlanError::Undecided {
        switch: switch.name.clone(),
        predicate: predicate.map_or_else(String::new, |&outlet| graph.outlet_name(outlet)),
    })
}

struct Compiler<'a> {
    graph: &'a Graph,
    options: &'a PlanOptions,
    semantics: &'a dyn Semantics,
    slots: BTreeMap<Outlet, usize>,
    known: BTreeMap<Outlet, Value>,
    feeds: Vec<Feed>,
    steps: Vec<Step>,
}

impl<'a> Compiler<'a> {
    fn new(graph: &'a Graph, options: &'a PlanOptions, semantics: &'a dyn Semantics) -> Self {
        Self {
            graph,
            options,
            semantics,
            slots: BTreeMap::new(),
            known: BTreeMap::new(),
            feeds: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn slot(&mut self, outlet: Outlet) -> usize {
        let next = self.slots.len();
        *self.slots.entry(outlet).or_insert(next)
    }

    fn add(&mut self, id: NodeId) -> Result<(), PlanError> {
        let node = self.graph.node(id);
        let outlet = Outlet::from(id);
        match node.op.as_str() {
            op::CONST => {
                self.known.insert(outlet, self.graph.decode_const(id)?.into());
                Ok(())
            }
            op::PLACEHOLDER_WITH_DEFAULT if !self.options.fed.contains(&id) => self.add_operator(id),
            // What it gives is what it reads: no step of its own.
            op if registry::is_identity(op) => match node.inputs.as_slice() {
                &[input] if !self.known.contains_key(&input) => {
                    let slot = self.slot(input);
                    self.slots.insert(outlet, slot);
                    Ok(())
                }
                _ => self.add_operator(id),
            },
            op if registry::is_source(op) => {
                let attrs = node.attributes();
                let slot = self.slot(outlet);
                self.feeds.push(Feed {
                    node: id,
                    name: node.name.clone(),
                    dtype: attrs.dtype("dtype").map_err(amct_graph::GraphError::from)?,
                    shape: attrs.shape("shape").map_err(amct_graph::GraphError::from)?.cloned(),
                    slot,
                });
                Ok(())
            }
            _ => self.add_operator(id),
        }
    }

    fn add_operator(&mut self, id: NodeId) -> Result<(), PlanError> {
        let node = self.graph.node(id);
        let constants: Vec<Option<Value>> =
            node.inputs.iter().map(|outlet| self.known.get(outlet).cloned()).collect();
        let all_constant = !constants.is_empty() && constants.iter().all(Option::is_some);
        let shapes = |values: &[Option<Value>]| -> Vec<Vec<usize>> {
            values.iter().flatten().map(|value| value.shape().to_vec()).collect()
        };
        let failed = |error: OpError| RunError::Op {
            node: node.name.clone(),
            op: node.op.clone(),
            inputs: shapes(&constants),
            error: Box::new(error),
        };
        let mut context = BuildContext::new(self.graph, node, constants.clone());
        let of_registry = |context: &mut BuildContext<'_>| Some(registry::find(&node.op)?(context));
        let built = self.semantics.build(id, &mut context).or_else(|| of_registry(&mut context));
        // `check_supported` has been here before.
        let built = built.ok_or_else(|| failed(OpError::Unsupported("no such operator".to_owned())))?;
        let operator = built.map_err(failed)?;
        let absorbed = context.absorbed();
        if all_constant {
            let inputs = constants.iter().enumerate();
            let inputs = inputs.map(|(index, value)| value.clone().filter(|_| !absorbed.contains(&index)));
            let outputs = operator.run(Inputs::new(inputs.collect())).map_err(failed)?;
            self.known
                .extend(outputs.into_iter().enumerate().map(|(slot, value)| (Outlet::new(id, slot), value)));
            return Ok(());
        }
        let inputs = node
            .inputs
            .iter()
            .enumerate()
            .map(|(index, &outlet)| (!absorbed.contains(&index)).then(|| self.slot(outlet)))
            .collect();
        self.steps.push(Step {
            node: node.name.clone(),
            op: node.op.clone(),
            absorbed: Vec::new(),
            operator,
            inputs,
            outputs: Vec::new(),
            releases: Vec::new(),
            passes_lines_on: false,
        });
        // Every outlet of a step that somebody reads gets its slot when it is read; the first
        // one now, so that the step can be found by it.
        let slot = self.slot(id.into());
        if let Some(step) = self.steps.last_mut() {
            step.outputs.push(Some(slot));
        }
        Ok(())
    }

    fn finish(mut self, outputs: &[Outlet], observed: &[Outlet]) -> Result<Plan, PlanError> {
        let output_slots: Vec<usize> = outputs.iter().map(|&outlet| self.slot(outlet)).collect();
        let mut shown_at: BTreeMap<usize, Vec<Outlet>> = BTreeMap::new();
        for &outlet in observed {
            let slot = self.slot(outlet);
            shown_at.entry(slot).or_default().push(outlet);
        }
        self.bind_further_outputs()?;
        let kept: BTreeSet<usize> = output_slots.iter().copied().chain(shown_at.keys().copied()).collect();
        let mut steps =
            absorb::following(absorb::padding(self.steps, &kept), &kept).map_err(RunError::from)?;
        liveness::mark_releases(&mut steps, &output_slots);
        bands::mark(&mut steps, &kept);
        let read: BTreeSet<usize> =
            steps.iter().flat_map(|step| step.inputs.iter().copied().flatten()).collect();
        let constants = self
            .known
            .into_iter()
            .filter_map(|(outlet, value)| Some((*self.slots.get(&outlet)?, value)))
            .filter(|(slot, _)| read.contains(slot) || kept.contains(slot))
            .collect();
        Ok(Plan {
            feeds: self.feeds,
            steps,
            constants,
            outputs: output_slots,
            observed: shown_at,
            slots: self.slots.len(),
            memory: Arc::default(),
            requantized: Vec::new(),
        })
    }

    /// Gives each step the slots of its outputs 1, 2, ... that are read somewhere.
    fn bind_further_outputs(&mut self) -> Result<(), PlanError> {
        let by_first: BTreeMap<usize, usize> = self
            .steps
            .iter()
            .enumerate()
            .filter_map(|(index, step)| Some((step.outputs.first().copied().flatten()?, index)))
            .collect();
        let further: Vec<(Outlet, usize)> =
            self.slots.iter().filter(|(outlet, _)| outlet.slot > 0).map(|(&o, &s)| (o, s)).collect();
        for (outlet, slot) in further {
            if self.known.contains_key(&outlet) {
                continue;
            }
            let first = self.slots.get(&outlet.node.into());
            let step = first.and_then(|slot| by_first.get(slot)).and_then(|&index| self.steps.get_mut(index));
            let Some(step) = step else {
                return Err(RunError::MissingOutput(self.graph.outlet_name(outlet)).into());
            };
            // An absurd slot number must not make a long list.
            if outlet.slot > 1 << 16 {
                return Err(RunError::MissingOutput(self.graph.outlet_name(outlet)).into());
            }
            if step.outputs.len() <= outlet.slot {
                step.outputs.resize(outlet.slot + 1, None);
            }
            let place = step.outputs.get_mut(outlet.slot);
            *place.ok_or_else(|| RunError::from(internal!("no output {} after a resize", outlet.slot)))? =
                Some(slot);
        }
        Ok(())
    }
}
