//! Finding the layers that a step can be folded into.

use std::collections::BTreeSet;

use amct_graph::{Consumers, Graph, Node, NodeId, Outlet};
use amct_tensor::{DataFormat, Tensor};

use super::arithmetic::{BatchNorm, Folded, Linear};
use super::check::{check_format, exact, floats};
use super::layer::{Chain, Tail, is_layer};
use super::step::{Params, Step, StepKind};
use super::{FoldOptions, FoldSkip};
use crate::evaluate::evaluate;
use crate::outputs::Outputs;

/// A step that can be folded, with the numbers that come of it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) step: Step,
    /// The layers: one, or the parts of a group convolution.
    pub(super) parts: Vec<Part>,
    /// A node between the layers and the step that stays.
    pub(super) through: Option<NodeId>,
}

/// One layer with what it becomes.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) layer: NodeId,
    pub(super) bias_add: Option<NodeId>,
    pub(super) format: DataFormat,
    pub(super) weight_shape: Vec<usize>,
    pub(super) folded: Folded,
}

/// A search over one state of a graph.
pub(super) struct Search<'a> {
    pub(super) graph: &'a Graph,
    pub(super) consumers: Consumers,
    pub(super) outputs: &'a Outputs,
    pub(super) options: &'a FoldOptions,
}

impl<'a> Search<'a> {
    pub(super) fn new(graph: &'a Graph, outputs: &'a Outputs, options: &'a FoldOptions) -> Self {
        Self { graph, consumers: graph.consumers(), outputs, options }
    }

    /// What comes of folding a step.
    pub(super) fn at(&self, step: Step) -> Result<Found, FoldSkip> {
        let chain = Chain::before(self.graph, step.data)?;
        let end = self.graph.node(step.end);
        if !self.options.enabled {
            return Err(FoldSkip::Disabled);
        }
        let layers = chain.tails.iter().map(|tail| self.graph.node(tail.layer));
        if layers.chain([end]).any(|node| self.options.skip_layers.contains(&node.name)) {
            return Err(FoldSkip::Listed);
        }
        self.check_step(&step)?;
        let inner = step.inner.iter().copied().chain(chain.through);
        for id in inner.chain(chain.tails.iter().flat_map(|tail| [Some(tail.layer), tail.bias_add]).flatten())
        {
            self.check_inner(id)?;
        }
        if step.kind == StepKind::Fused {
            check_format(end, chain.format)?;
        }
        let mut first = 0;
        let mut parts = Vec::with_capacity(chain.tails.len());
        for tail in &chain.tails {
            let part = self.part(&step, &chain, tail, first)?;
            first += tail.channels;
            parts.push(part);
        }
        Ok(Found { step, parts, through: chain.through })
    }

    fn part(&self, step: &Step, chain: &Chain, tail: &Tail, first: usize) -> Result<Part, FoldSkip> {
        let layer = self.graph.node(tail.layer);
        let bias_node = tail.bias_add.map(|id| self.graph.node(id));
        if let Some(node) = bias_node {
            check_format(node, tail.format)?;
        }
        let weights = self.constant(layer, 1, "the weights")?;
        let values = floats(&weights, "the weights")?;
        let bias = match bias_node {
            Some(node) => Some(exact(&self.constant(node, 1, "the bias")?, "the bias", tail.channels)?),
            None => None,
        };
        let own = |all: Vec<f32>| all.into_iter().skip(first).take(tail.channels).collect::<Vec<f32>>();
        let aligned = |tensor: &Option<Tensor>, what, default: f32| match tensor {
            Some(tensor) => chain.per_channel(tensor, what).map(own),
            None => Ok(vec![default; tail.channels]),
        };
        let folded = match &step.params {
            Params::Fused => self.fused(step, chain.channels)?.part(first, tail.channels).fold(
                values,
                tail.run,
                bias.as_deref(),
            ),
            Params::Norm { gamma, beta, mean, variance, epsilon } => BatchNorm {
                gamma: aligned(gamma, "gamma", 1.0)?,
                beta: aligned(beta, "beta", 0.0)?,
                mean: own(chain.per_channel(mean, "mean")?),
                variance: own(chain.per_channel(variance, "variance")?),
                epsilon: *epsilon,
            }
            .fold(values, tail.run, bias.as_deref()),
            Params::Linear { scale, shift } => {
                let scale = scale.as_ref().map(|scale| chain.per_channel(scale, "the factor").map(own));
                let shift = shift.as_ref().map(|shift| chain.per_channel(shift, "the summand").map(own));
                Linear { scale: scale.transpose()?, shift: shift.transpose()? }.fold(
                    values,
                    tail.run,
                    bias.as_deref(),
                )
            }
        };
        Ok(Part {
            layer: tail.layer,
            bias_add: tail.bias_add,
            format: tail.format,
            weight_shape: weights.shape().to_vec(),
            folded: folded.ok_or(FoldSkip::NotFinite)?,
        })
    }

    /// The parameters of a `FusedBatchNorm` for all channels.
    pub(super) fn fused(&self, step: &Step, channels: usize) -> Result<BatchNorm, FoldSkip> {
        let norm = self.graph.node(step.end);
        let vector = |input, what| exact(&self.constant(norm, input, what)?, what, channels);
        Ok(BatchNorm {
            gamma: vector(1, "scale")?,
            beta: vector(2, "offset")?,
            mean: vector(3, "mean")?,
            variance: vector(4, "variance")?,
            epsilon: norm.attributes().float_or("epsilon", 1e-4)?,
        })
    }

    pub(super) fn check_step(&self, step: &Step) -> Result<(), FoldSkip> {
        let read = self.consumers.all(step.end).count() != self.consumers.of(step.end).len();
        if read || self.outputs.slots(step.end).any(|slot| slot > 0) {
            return Err(FoldSkip::StatisticsUsed);
        }
        let removed = step.inner.iter().chain([&step.end]);
        let free = removed.into_iter().all(|&id| self.graph.node(id).controls.is_empty());
        if free { Ok(()) } else { Err(FoldSkip::ControlInput) }
    }

    /// A node before the step's end changes its value, so nobody else may see it.
    pub(super) fn check_inner(&self, id: NodeId) -> Result<(), FoldSkip> {
        let node = || self.graph.node(id).to_string();
        if self.outputs.has_node(id) {
            return Err(FoldSkip::OutputRequested { node: node() });
        }
        match self.consumers.all(id).count() {
            1 => Ok(()),
            _ => Err(FoldSkip::SeveralReaders { node: node() }),
        }
    }

    pub(super) fn constant(&self, node: &Node, input: usize, what: &'static str) -> Result<Tensor, FoldSkip> {
        let outlet: Outlet = *node.inputs.get(input).ok_or(FoldSkip::NotConstant { what })?;
        let tensor = self.graph.constant(outlet).map_err(FoldSkip::Unreadable)?;
        tensor.or_else(|| evaluate(self.graph, outlet)).ok_or(FoldSkip::NotConstant { what })
    }
}

/// The layers whose output a step changes, by node; empty if it follows none.
pub(super) fn layers_before(graph: &Graph, step: &Step) -> BTreeSet<NodeId> {
    let chain = Chain::before(graph, step.data).ok();
    chain
        .into_iter()
        .flat_map(|chain| chain.tails)
        .map(|tail| tail.layer)
        .filter(|&id| is_layer(graph.node(id)))
        .collect()
}
