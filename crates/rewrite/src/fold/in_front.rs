//! Folding a batch norm into the layer behind it.
//!
//! This is exact only where the layer reads no padding: a padded zero is zero after the norm, and
//! the folded layer would see it before. So the layer is a matrix product or a convolution that
//! reads nothing beyond its input. A norm that can be folded into the layer before it has been.

use amct_graph::views::WindowAttrs;
use amct_graph::{LayerKind, Node, NodeId, op};
use amct_tensor::window::Padding;
use amct_tensor::{DataFormat, Tensor};

use super::FoldSkip;
use super::arithmetic::BatchNorm;
use super::check::{check_format, exact, floats, wrong};
use super::layer::per_channel;
use super::pattern::{Part, Search};
use super::step::{Params, Step, StepKind};

/// A batch norm that can be folded into the layer behind it, with the numbers that come of it.
#[derive(Debug)]
pub(super) struct InFront {
    pub(super) step: Step,
    pub(super) part: Part,
}

/// How a layer's weights lie: its input channels, how many weights side by side belong to one of
/// them, and its output channels, which vary fastest.
struct Layout {
    channels: usize,
    run: usize,
    outputs: usize,
}

impl Search<'_> {
    /// What comes of folding a batch norm into the layer that alone reads it; `None` if no layer
    /// does.
    pub(super) fn in_front(&self, step: Step) -> Option<Result<InFront, FoldSkip>> {
        let reader = self.consumers.only(step.end).filter(|reader| reader.input == 0)?;
        let kind = LayerKind::of_op(&self.graph.node(reader.node).op)?;
        matches!(kind, LayerKind::Conv2d | LayerKind::DepthwiseConv2d | LayerKind::MatMul)
            .then(|| self.fold_behind(step, reader.node, kind))
    }

    fn fold_behind(&self, step: Step, id: NodeId, kind: LayerKind) -> Result<InFront, FoldSkip> {
        let (end, layer) = (self.graph.node(step.end), self.graph.node(id));
        if [end, layer].iter().any(|node| self.options.skip_layers.contains(&node.name)) {
            return Err(FoldSkip::Listed);
        }
        self.check_step(&step)?;
        for &removed in step.inner.iter().chain([&step.end]) {
            self.check_inner(removed)?;
        }
        let weights = self.constant(layer, 1, "the weights")?;
        let format = unpadded(layer, kind, weights.shape())?;
        if step.kind == StepKind::Fused {
            check_format(end, format)?;
        }
        let layout = layout(kind, weights.shape()).ok_or_else(|| {
            wrong("the weights", &format!("float32 of rank {}", kind.weight_rank()), &weights)
        })?;
        let norm =
            self.norm(&step, format, if kind == LayerKind::MatMul { 2 } else { 4 }, layout.channels)?;

        let behind = self.consumers.only(id).filter(|reader| reader.input == 0);
        let bias_add = behind.map(|reader| reader.node).filter(|&node| {
            let node = self.graph.node(node);
            node.op == op::BIAS_ADD && self.constant(node, 1, "the bias").is_ok()
        });
        if self.outputs.has_node(id) {
            // The layer alone will no longer have its value.
            return Err(FoldSkip::OutputRequested { node: layer.to_string() });
        }
        let bias = match bias_add.map(|id| self.graph.node(id)) {
            Some(node) => {
                check_format(node, format)?;
                Some(exact(&self.constant(node, 1, "the bias")?, "the bias", layout.outputs)?)
            }
            None => None,
        };
        let values = floats(&weights, "the weights")?;
        let folded = norm.fold_in_front(values, layout.run, layout.outputs, bias.as_deref());
        let part = Part {
            layer: id,
            bias_add,
            format,
            weight_shape: weights.shape().to_vec(),
            folded: folded.ok_or(FoldSkip::NotFinite)?,
        };
        Ok(InFront { step, part })
    }

    fn norm(
        &self,
        step: &Step,
        format: DataFormat,
        rank: usize,
        channels: usize,
    ) -> Result<BatchNorm, FoldSkip> {
        let aligned = |tensor: &Tensor, what| per_channel(tensor, what, rank, format, channels);
        let or_all = |tensor: &Option<Tensor>, what, default: f32| match tensor {
            Some(tensor) => aligned(tensor, what),
            None => Ok(vec![default; channels]),
        };
        match &step.params {
            Params::Norm { gamma, beta, mean, variance, epsilon } => Ok(BatchNorm {
                gamma: or_all(gamma, "gamma", 1.0)?,
                beta: or_all(beta, "beta", 0.0)?,
                mean: aligned(mean, "mean")?,
                variance: aligned(variance, "variance")?,
                epsilon: *epsilon,
            }),
            Params::Fused | Params::Linear { .. } => self.fused(step, channels),
        }
    }
}

/// The layout of a layer that reads nothing beyond its input and transposes nothing.
fn unpadded(layer: &Node, kind: LayerKind, weights: &[usize]) -> Result<DataFormat, FoldSkip> {
    if kind == LayerKind::MatMul {
        for attr in ["transpose_a", "transpose_b"] {
            if layer.attributes().bool_or(attr, false)? {
                return Err(FoldSkip::Transposed);
            }
        }
        return Ok(DataFormat::Nhwc);
    }
    let attrs = WindowAttrs::of(layer)?;
    let is_pointwise = matches!(weights, [1, 1, _, _]);
    match attrs.padding {
        // One tap needs no padding, whatever the stride.
        Padding::Same if is_pointwise => Ok(attrs.format),
        Padding::Valid | Padding::Explicit([(0, 0), (0, 0)]) => Ok(attrs.format),
        _ => Err(FoldSkip::Padded { layer: layer.to_string() }),
    }
}

fn layout(kind: LayerKind, shape: &[usize]) -> Option<Layout> {
    let (&channels, &run, outputs) = match (kind, shape) {
        (LayerKind::MatMul, [channels, run]) | (LayerKind::Conv2d, [_, _, channels, run]) => {
            (channels, run, *run)
        }
        (LayerKind::DepthwiseConv2d, [_, _, channels, run]) => (channels, run, channels.checked_mul(*run)?),
        _ => return None,
    };
    (outputs > 0 && channels > 0).then_some(Layout { channels, run, outputs })
}
