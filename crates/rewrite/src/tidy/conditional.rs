//! Conditionals decided before anything runs: `Switch` with a constant predicate hands its data on
//! to one output and leaves the other dead; what reads a dead value, or waits for a dead node, is
//! dead too; `Merge` hands on its first input that is alive.
//!
//! Frozen graphs have them where `is_training` or a dropout's `keep_prob` was a condition.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use amct_graph::{
    AttrValue, Graph, GraphError, NewNode, Node, NodeId, Outlet, Patch, Source, TensorLiteral, op,
};
use amct_tensor::{DType, Tensor, internal};

use crate::constants::type_attr;
use crate::pass::{Change, Pass, PassContext, TidySkip};
use crate::provenance::Moves;
use crate::report::{Outcome, PassReport};

/// Decides the conditionals that the outputs need.
pub(super) struct DecideConditionals;

impl Pass for DecideConditionals {
    fn name(&self) -> &'static str {
        "decide_conditionals"
    }

    fn is_written(&self) -> bool {
        false
    }

    fn run(&self, graph: &Graph, context: &PassContext<'_>) -> Result<Change, GraphError> {
        let roots = context.roots();
        let conditional = |id: &NodeId| is_switch(graph.node(*id)) || is_merge(graph.node(*id));
        if !graph.needed_by(&roots)?.iter().any(conditional) {
            return Ok(Change::default());
        }
        // Nodes without data inputs belong to a branch through their control inputs.
        let needed = graph.needed_with_controls(&roots)?;
        let mut decider = Decider::new(graph, context, &needed);
        for id in needed {
            decider.visit(id)?;
        }
        Ok(decider.finish())
    }
}

/// What becomes of a value.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Alive,
    /// Never computed.
    Dead,
    /// Unknown before the run. The `Switch` that is to blame, and whether the value may be dead:
    /// what a `Merge` has brought together is alive either way.
    Open(NodeId, bool),
}

fn is_switch(node: &Node) -> bool {
    matches!(node.op.as_str(), op::SWITCH | op::REF_SWITCH)
}

fn is_merge(node: &Node) -> bool {
    matches!(node.op.as_str(), op::MERGE | op::REF_MERGE)
}

struct Decider<'a> {
    graph: &'a Graph,
    context: &'a PassContext<'a>,
    /// Every reader of a decided `Switch` or `Merge` wired to what that hands on.
    patch: Patch,
    fates: Vec<Fate>,
    /// Of the two outputs of each `Switch`.
    switched: BTreeMap<NodeId, [Fate; 2]>,
    /// What a `Switch` or `Merge` hands on.
    handed_on: BTreeMap<Outlet, Source>,
    /// By where they are computed; `None` for one that is not constant.
    predicates: BTreeMap<Outlet, Option<bool>>,
    /// The outputs and what the needed nodes read, as far as it is not a first output.
    further: BTreeSet<Outlet>,
    report: PassReport<TidySkip>,
}

impl<'a> Decider<'a> {
    fn new(graph: &'a Graph, context: &'a PassContext<'a>, needed: &[NodeId]) -> Self {
        let read = needed.iter().flat_map(|&id| &graph.node(id).inputs).chain(context.outputs);
        Self {
            graph,
            context,
            patch: Patch::new(),
            fates: vec![Fate::Alive; graph.capacity()],
            switched: BTreeMap::new(),
            handed_on: BTreeMap::new(),
            predicates: BTreeMap::new(),
            further: read.copied().filter(|outlet| outlet.slot > 0).collect(),
            report: PassReport::default(),
        }
    }

    fn fate(&self, outlet: Outlet) -> Fate {
        match self.switched.get(&outlet.node) {
            Some(fates) => fates.get(outlet.slot).copied().unwrap_or(Fate::Dead),
            None => self.fates.get(outlet.node.index()).copied().unwrap_or(Fate::Alive),
        }
    }

    fn source(&self, outlet: Outlet) -> Source {
        self.handed_on.get(&outlet).copied().unwrap_or(outlet.into())
    }

    /// Decides one node; all that it reads has been visited.
    fn visit(&mut self, id: NodeId) -> Result<(), GraphError> {
        let node = self.graph.node(id);
        // A node that is not computed itself still is there to be waited for.
        let waits = node.controls.iter().map(|&control| match self.fates.get(control.index()) {
            Some(Fate::Open(_, false)) | None => Fate::Alive,
            Some(&fate) => fate,
        });
        let reads = node.inputs.iter().map(|&input| self.fate(input));
        let fate = if is_merge(node) {
            match worst(waits) {
                Fate::Alive => self.merge(id, node),
                fate => fate,
            }
        } else {
            worst(reads.chain(waits))
        };
        let place = self.fates.get_mut(id.index());
        *place.ok_or_else(|| internal!("no place for the fate of {node}"))? = fate;
        if is_switch(node) {
            self.switch(id, node, fate)?;
        }
        for (index, &input) in node.inputs.iter().enumerate() {
            let source = self.source(input);
            if source != input.into() {
                self.patch.set_input(id, index, source);
            }
        }
        Ok(())
    }

    fn switch(&mut self, id: NodeId, node: &Node, fate: Fate) -> Result<(), GraphError> {
        let predicate = match (fate, node.inputs.get(1)) {
            (Fate::Alive, Some(&predicate)) => self.predicate(predicate)?,
            _ => None,
        };
        let fates = match (fate, predicate) {
            (Fate::Alive, None) => [Fate::Open(id, true); 2],
            (Fate::Alive, Some(taken)) => {
                let slot = usize::from(taken);
                if let Some(&data) = node.inputs.first() {
                    let source = self.source(data);
                    self.handed_on.insert(Outlet::new(id, slot), source);
                }
                self.report.push(&node.name, &node.op, Outcome::Applied);
                if taken { [Fate::Dead, Fate::Alive] } else { [Fate::Alive, Fate::Dead] }
            }
            (fate, _) => [fate; 2],
        };
        self.switched.insert(id, fates);
        Ok(())
    }

    fn merge(&mut self, id: NodeId, node: &Node) -> Fate {
        let fates: Vec<Fate> = node.inputs.iter().map(|&input| self.fate(input)).collect();
        let alive = fates.iter().position(|&fate| fate == Fate::Alive);
        let Some((index, &input)) = alive.and_then(|index| Some((index, node.inputs.get(index)?))) else {
            let open = fates.into_iter().find_map(|fate| match fate {
                Fate::Open(switch, _) => Some(Fate::Open(switch, false)),
                _ => None,
            });
            return open.unwrap_or(Fate::Dead);
        };
        let source = self.source(input);
        self.handed_on.insert(id.into(), source);
        let second = Outlet::new(id, 1);
        if self.further.contains(&second) {
            let index = self.value_index(node, index);
            self.handed_on.insert(second, index);
        }
        self.report.push(&node.name, &node.op, Outcome::Applied);
        Fate::Alive
    }

    /// The constant that tells which input a `Merge` hands on.
    fn value_index(&mut self, node: &Node, index: usize) -> Source {
        let name = format!("{}/value_index", node.name);
        let value = TensorLiteral::encode(&Tensor::scalar(i32::try_from(index).unwrap_or(i32::MAX)));
        let value = AttrValue::tensor(value);
        let known = self.graph.find(&name);
        let known = known.filter(|&id| self.graph.node(id).op == op::CONST);
        match known.filter(|&id| self.graph.node(id).attrs.get("value") == Some(&value)) {
            Some(id) => id.into(),
            None => {
                let constant = NewNode::new(name, op::CONST, Vec::<Source>::new());
                let dtype = type_attr(DType::I32);
                self.patch.add(constant.attr("dtype", dtype).attr("value", value))
            }
        }
    }

    /// The value of a predicate, if it needs no input of the graph.
    fn predicate(&mut self, predicate: Outlet) -> Result<Option<bool>, GraphError> {
        let Some(outlet) = self.origin(predicate) else { return Ok(None) };
        if let Some(&known) = self.predicates.get(&outlet) {
            return Ok(known);
        }
        // It may be computed from conditionals that are decided by now.
        let mut decided = Cow::Borrowed(self.graph);
        if !self.patch.is_empty() {
            decided.to_mut().apply(&self.patch)?;
        }
        let value = match (self.context.evaluate)(&decided, outlet) {
            Ok(value) => value.as_slice::<bool>().ok().and_then(|values| values.first().copied()),
            Err(reason) => {
                let name = self.graph.outlet_name(predicate);
                log::debug!(target: DecideConditionals.name(), "'{name}' is not known: {reason}");
                None
            }
        };
        self.predicates.insert(outlet, value);
        Ok(value)
    }

    /// Where a value is made, looking through identities and decided conditionals; `None` for a constant that
    /// the patch adds.
    fn origin(&self, outlet: Outlet) -> Option<Outlet> {
        let mut at = outlet;
        // No chain without a cycle is longer than the graph.
        for _ in 0..self.graph.capacity() {
            let Source::Old(handed_on) = self.source(at) else { return None };
            let next = self.graph.source(handed_on);
            if next == at {
                break;
            }
            at = next;
        }
        Some(at)
    }

    fn finish(mut self) -> Change {
        for &output in self.context.outputs {
            if let Fate::Open(switch, _) = self.fate(output) {
                let (switch, node) = (self.graph.node(switch), self.graph.node(output.node));
                let predicate = switch.inputs.get(1).map(|&predicate| self.graph.outlet_name(predicate));
                let predicate = predicate.unwrap_or_default();
                let reason = TidySkip::Undecided { switch: switch.name.clone(), predicate };
                self.report.push(&self.graph.outlet_name(output), &node.op, Outcome::Skipped(reason));
            }
        }
        let mut moves = Moves::default();
        for (&outlet, &source) in &self.handed_on {
            moves.set(outlet, source);
        }
        for (id, _) in self.graph.nodes() {
            let fate = self.fates.get(id.index());
            if fate == Some(&Fate::Dead) {
                moves.never_node(id);
            }
        }
        for (&id, fates) in &self.switched {
            let dead = fates.iter().enumerate().filter(|(_, fate)| **fate == Fate::Dead);
            dead.for_each(|(slot, _)| moves.never(Outlet::new(id, slot)));
        }
        Change { patch: self.patch, moves, report: self.report }
    }
}

/// What becomes of a node that needs values of these fates: one that is dead decides it.
fn worst(fates: impl Iterator<Item = Fate>) -> Fate {
    fates.fold(Fate::Alive, |worst, fate| match (worst, fate) {
        (Fate::Dead, _) | (_, Fate::Dead) => Fate::Dead,
        (Fate::Open(switch, a), Fate::Open(_, b)) => Fate::Open(switch, a || b),
        (Fate::Alive, other) | (other, Fate::Alive) => other,
    })
}
