//! Conditionals decided before anything runs: `Switch` with a constant predicate hands its data on
//! to one output and leaves the other dead; what reads a dead value, or waits for a dead node, is
//! dead too; `Merge` hands on its first input that is alive.
//!
//! Frozen graphs have them where `is_training` or a dropout's `keep_prob` was a condition.

use std::collections::BTreeMap;

use amct_graph::{AttrValue, Graph, NewNode, Node, NodeId, Outlet, Patch, Source, TensorLiteral};
use amct_tensor::Tensor;

use super::{Compiler, PlanOptions};
use crate::semantics::Integer;
use crate::{PlanError, Value, registry};

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

/// The decisions about a graph's conditionals, empty if it has none.
pub(super) struct Decisions {
    /// The graph with every reader of a decided `Switch` or `Merge` wired to what that hands on.
    graph: Option<Graph>,
    /// By node; all alive where it is shorter.
    fates: Vec<Fate>,
    /// Of the two outputs of each `Switch`.
    switched: BTreeMap<NodeId, [Fate; 2]>,
    /// What a `Switch` or `Merge` hands on.
    handed_on: BTreeMap<Outlet, Outlet>,
    undecided: Option<PlanError>,
}

impl Decisions {
    /// Decides the conditionals that `wanted` need.
    pub(super) fn make(graph: &Graph, wanted: &[Outlet], options: &PlanOptions) -> Result<Self, PlanError> {
        let mut decisions = Decisions {
            graph: None,
            fates: Vec::new(),
            switched: BTreeMap::new(),
            handed_on: BTreeMap::new(),
            undecided: None,
        };
        let roots: Vec<NodeId> = wanted.iter().map(|outlet| outlet.node).collect();
        let conditional = |id: &NodeId| is_switch(graph.node(*id)) || is_merge(graph.node(*id));
        if !graph.needed_by(&roots)?.iter().any(conditional) {
            return Ok(decisions);
        }
        decisions.fates = vec![Fate::Alive; graph.capacity()];
        let mut decider = Decider {
            original: graph,
            graph: graph.clone(),
            pending: Patch::new(),
            predicates: BTreeMap::new(),
            options,
            decisions,
        };
        // Nodes without data inputs belong to a branch through their control inputs.
        for id in graph.needed_with_controls(&roots)? {
            decider.visit(id)?;
        }
        decider.settle()?;
        let Decider { graph: decided, mut decisions, .. } = decider;
        let blamed = wanted.iter().find_map(|&outlet| match decisions.fate(outlet) {
            Fate::Open(switch, _) => Some(switch),
            _ => None,
        });
        decisions.undecided = blamed.map(|switch| {
            let predicate = graph.node(switch).inputs.get(1);
            PlanError::Undecided {
                switch: graph.node(switch).name.clone(),
                predicate: predicate.map_or_else(String::new, |&outlet| graph.outlet_name(outlet)),
            }
        });
        decisions.graph = Some(decided);
        Ok(decisions)
    }

    /// The graph to plan instead of the given one, if there are decisions.
    pub(super) fn graph(&self) -> Option<&Graph> {
        self.graph.as_ref()
    }

    /// Where the value of an outlet is computed; `None` if never.
    pub(super) fn outlet(&self, outlet: Outlet) -> Option<Outlet> {
        (self.fate(outlet) != Fate::Dead).then(|| self.source(outlet))
    }

    /// [`outlet`](Self::outlet) of one that must have a value.
    pub(super) fn output(&self, outlet: Outlet) -> Result<Outlet, PlanError> {
        self.outlet(outlet).ok_or_else(|| {
            let name = self.graph.as_ref().map(|graph| graph.outlet_name(outlet));
            PlanError::NeverComputed(name.unwrap_or_default())
        })
    }

    /// Whether all that is wanted is decided.
    pub(super) fn check_complete(&self) -> Result<(), PlanError> {
        self.undecided.clone().map_or(Ok(()), Err)
    }

    fn source(&self, outlet: Outlet) -> Outlet {
        self.handed_on.get(&outlet).copied().unwrap_or(outlet)
    }

    fn fate(&self, outlet: Outlet) -> Fate {
        match self.switched.get(&outlet.node) {
            Some(fates) => fates.get(outlet.slot).copied().unwrap_or(Fate::Dead),
            None => self.fates.get(outlet.node.index()).copied().unwrap_or(Fate::Alive),
        }
    }
}

fn is_switch(node: &Node) -> bool {
    matches!(node.op.as_str(), "Switch" | "RefSwitch")
}

fn is_merge(node: &Node) -> bool {
    matches!(node.op.as_str(), "Merge" | "RefMerge")
}

struct Decider<'a> {
    original: &'a Graph,
    /// The graph as far as it is decided, but for what is pending.
    graph: Graph,
    pending: Patch,
    /// By the outlet they are computed at; `None` for one that is not constant.
    predicates: BTreeMap<Outlet, Option<bool>>,
    options: &'a PlanOptions,
    decisions: Decisions,
}

impl Decider<'_> {
    /// Decides one node; all that it reads has been visited.
    fn visit(&mut self, id: NodeId) -> Result<(), PlanError> {
        let node = self.original.node(id);
        // A node that is not computed itself still is there to be waited for.
        let waits = node.controls.iter().map(|&control| match self.decisions.fates.get(control.index()) {
            Some(Fate::Open(_, false)) | None => Fate::Alive,
            Some(&fate) => fate,
        });
        let reads = node.inputs.iter().map(|&input| self.decisions.fate(input));
        let fate = if is_merge(node) {
            match worst(waits) {
                Fate::Alive => self.merge(id, node)?,
                fate => fate,
            }
        } else {
            worst(reads.chain(waits))
        };
        if let Some(place) = self.decisions.fates.get_mut(id.index()) {
            *place = fate;
        }
        if is_switch(node) {
            self.switch(id, node, fate)?;
        }
        for (index, &input) in node.inputs.iter().enumerate() {
            let source = self.decisions.source(input);
            if source != input {
                self.pending.set_input(id, index, source);
            }
        }
        Ok(())
    }

    fn switch(&mut self, id: NodeId, node: &Node, fate: Fate) -> Result<(), PlanError> {
        let predicate = match (fate, node.inputs.get(1)) {
            (Fate::Alive, Some(&predicate)) => self.predicate(self.decisions.source(predicate))?,
            _ => None,
        };
        let fates = match (fate, predicate) {
            (Fate::Alive, None) => [Fate::Open(id, true); 2],
            (Fate::Alive, Some(taken)) => {
                let slot = usize::from(taken);
                if let Some(&data) = node.inputs.first() {
                    let source = self.decisions.source(data);
                    self.decisions.handed_on.insert(Outlet::new(id, slot), source);
                }
                if taken { [Fate::Dead, Fate::Alive] } else { [Fate::Alive, Fate::Dead] }
            }
            (fate, _) => [fate; 2],
        };
        self.decisions.switched.insert(id, fates);
        Ok(())
    }

    fn merge(&mut self, id: NodeId, node: &Node) -> Result<Fate, PlanError> {
        let fates: Vec<Fate> = node.inputs.iter().map(|&input| self.decisions.fate(input)).collect();
        let alive = fates.iter().position(|&fate| fate == Fate::Alive);
        let Some((index, &input)) = alive.and_then(|index| Some((index, node.inputs.get(index)?))) else {
            let open = fates.into_iter().find_map(|fate| match fate {
                Fate::Open(switch, _) => Some(Fate::Open(switch, false)),
                _ => None,
            });
            return Ok(open.unwrap_or(Fate::Dead));
        };
        let source = self.decisions.source(input);
        self.decisions.handed_on.insert(id.into(), source);
        let value = TensorLiteral::encode(&Tensor::scalar(i32::try_from(index).unwrap_or(i32::MAX)));
        let index = NewNode::new(format!("{}/value_index", node.name), "Const", Vec::<Source>::new())
            .attr("dtype", AttrValue::Type(value.dtype))
            .attr("value", AttrValue::tensor(value));
        let mut patch = Patch::new();
        patch.add(index);
        for added in self.graph.apply(&patch)? {
            self.decisions.handed_on.insert(Outlet::new(id, 1), added.into());
        }
        Ok(Fate::Alive)
    }

    /// The value of a predicate, if it needs no input of the graph.
    fn predicate(&mut self, outlet: Outlet) -> Result<Option<bool>, PlanError> {
        if let Some(&known) = self.predicates.get(&outlet) {
            return Ok(known);
        }
        self.settle()?;
        let order = self.graph.needed_by(&[outlet.node])?;
        let constant = |id: &NodeId| match self.graph.node(*id).op.as_str() {
            "PlaceholderWithDefault" => !self.options.fed.contains(id),
            op => op == "Const" || registry::find(op).is_some(),
        };
        let mut value = None;
        if order.iter().all(constant) {
            let mut compiler = Compiler::new(&self.graph, self.options, &Integer);
            for &id in &order {
                compiler.add(id)?;
            }
            if let Some(Value::Plain(tensor)) = compiler.known.get(&outlet) {
                value = tensor.as_slice::<bool>().ok().and_then(|values| values.first().copied());
            }
        }
        self.predicates.insert(outlet, value);
        Ok(value)
    }

    /// Brings the graph up to date with what is decided.
    fn settle(&mut self) -> Result<(), PlanError> {
        if !self.pending.is_empty() {
            self.graph.apply(&std::mem::take(&mut self.pending))?;
        }
        Ok(())
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
