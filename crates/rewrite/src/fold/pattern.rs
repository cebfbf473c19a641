//! Finding what can be folded.

use amct_graph::views::WindowAttrs;
use amct_graph::{Consumers, Graph, Node, NodeId, Outlet};
use amct_tensor::{DType, DataFormat, Tensor};

use super::arithmetic::{BatchNorm, Folded};
use super::{FoldOptions, FoldSkip};
use crate::outputs::Outputs;

/// A batch norm that can be folded, with the numbers that come of it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) convolution: NodeId,
    pub(super) bias_add: Option<NodeId>,
    pub(super) batch_norm: NodeId,
    pub(super) format: DataFormat,
    pub(super) weight_shape: Vec<usize>,
    pub(super) folded: Folded,
}

pub(super) fn is_batch_norm(op: &str) -> bool {
    matches!(op, "FusedBatchNorm" | "FusedBatchNormV2" | "FusedBatchNormV3")
}

/// A search over one state of a graph.
pub(super) struct Search<'a> {
    graph: &'a Graph,
    consumers: Consumers,
    outputs: &'a Outputs,
    options: &'a FoldOptions,
}

impl<'a> Search<'a> {
    pub(super) fn new(graph: &'a Graph, outputs: &'a Outputs, options: &'a FoldOptions) -> Self {
        Self { graph, consumers: graph.consumers(), outputs, options }
    }

    /// What can be folded at the batch norm `id`.
    pub(super) fn at(&self, id: NodeId) -> Result<Found, FoldSkip> {
        let norm = self.graph.node(id);
        let attrs = norm.attributes();
        // TensorFlow's default of is_training is true.
        if attrs.bool_or("is_training", true)? {
            return Err(FoldSkip::Training);
        }
        let (convolution, bias_add) = self.group_before(norm)?;
        let layer = self.graph.node(convolution);
        if !self.options.enabled {
            return Err(FoldSkip::Disabled);
        }
        if [layer, norm].iter().any(|node| self.options.skip_layers.contains(&node.name)) {
            return Err(FoldSkip::Listed);
        }
        self.check_norm(id)?;
        for inner in [Some(convolution), bias_add].into_iter().flatten() {
            self.check_inner(inner)?;
        }
        let format = WindowAttrs::of(layer)?.format;
        for node in [Some(norm), bias_add.map(|id| self.graph.node(id))].into_iter().flatten() {
            check_format(node, format)?;
        }

        let weights = self.constant(layer, 1, "the weights")?;
        let &[_, _, inner, outer] = weights.shape() else {
            return Err(wrong("the weights", "float32 of rank 4", &weights));
        };
        let channels =
            if layer.op == "Conv2D" { Some(outer) } else { inner.checked_mul(outer) }.unwrap_or_default();
        let batch_norm = BatchNorm {
            gamma: self.vector(norm, 1, "scale", channels)?,
            beta: self.vector(norm, 2, "offset", channels)?,
            mean: self.vector(norm, 3, "mean", channels)?,
            variance: self.vector(norm, 4, "variance", channels)?,
            epsilon: attrs.float_or("epsilon", 1e-4)?,
        };
        let bias = match bias_add {
            Some(id) => Some(self.vector(self.graph.node(id), 1, "the bias", channels)?),
            None => None,
        };
        let values = floats(&weights, "the weights")?;
        let folded = batch_norm.fold(values, bias.as_deref()).ok_or(FoldSkip::NotFinite)?;
        let weight_shape = weights.shape().to_vec();
        Ok(Found { convolution, bias_add, batch_norm: id, format, weight_shape, folded })
    }

    /// The convolution that `norm` reads, directly or through one `BiasAdd`.
    fn group_before(&self, norm: &Node) -> Result<(NodeId, Option<NodeId>), FoldSkip> {
        let (id, node) = self.data_input(norm)?;
        match node.op.as_str() {
            "BiasAdd" => {
                let (convolution, before) = self.data_input(node)?;
                is_convolution(before)
                    .then_some((convolution, Some(id)))
                    .ok_or_else(|| FoldSkip::NotAfterConvolution { found: before.to_string() })
            }
            _ if is_convolution(node) => Ok((id, None)),
            _ => Err(FoldSkip::NotAfterConvolution { found: node.to_string() }),
        }
    }

    fn data_input(&self, node: &Node) -> Result<(NodeId, &'a Node), FoldSkip> {
        node.inputs
            .first()
            .map(|outlet| (outlet.node, self.graph.node(outlet.node)))
            .ok_or_else(|| FoldSkip::NotAfterConvolution { found: "nothing".to_owned() })
    }

    fn check_norm(&self, id: NodeId) -> Result<(), FoldSkip> {
        let read = self.consumers.all(id).count() != self.consumers.of(id).len();
        if read || self.outputs.slots(id).any(|slot| slot > 0) {
            return Err(FoldSkip::StatisticsUsed);
        }
        if self.graph.node(id).controls.is_empty() { Ok(()) } else { Err(FoldSkip::ControlInput) }
    }

    /// A node before the batch norm changes its value, so nobody else may see it.
    fn check_inner(&self, id: NodeId) -> Result<(), FoldSkip> {
        let node = || self.graph.node(id).to_string();
        if self.outputs.has_node(id) {
            return Err(FoldSkip::OutputRequested { node: node() });
        }
        match self.consumers.all(id).count() {
            1 => Ok(()),
            _ => Err(FoldSkip::SeveralReaders { node: node() }),
        }
    }

    fn constant(&self, node: &Node, input: usize, what: &'static str) -> Result<Tensor, FoldSkip> {
        let outlet: Outlet = *node.inputs.get(input).ok_or(FoldSkip::NotConstant { what })?;
        let tensor = self.graph.constant(outlet).map_err(FoldSkip::Unreadable)?;
        tensor.ok_or(FoldSkip::NotConstant { what })
    }

    fn vector(
        &self,
        node: &Node,
        input: usize,
        what: &'static str,
        channels: usize,
    ) -> Result<Vec<f32>, FoldSkip> {
        let tensor = self.constant(node, input, what)?;
        let values = floats(&tensor, what)?;
        if tensor.shape() == [channels] && channels > 0 {
            Ok(values.to_vec())
        } else {
            Err(wrong(what, &format!("float32 [{channels}], one per channel"), &tensor))
        }
    }
}

fn is_convolution(node: &Node) -> bool {
    matches!(node.op.as_str(), "Conv2D" | "DepthwiseConv2dNative")
}

fn check_format(node: &Node, convolution: DataFormat) -> Result<(), FoldSkip> {
    let attrs = node.attributes();
    let name = attrs.string("data_format")?.unwrap_or("NHWC");
    let other =
        DataFormat::from_name(name).ok_or_else(|| attrs.error("data_format", "NHWC or NCHW", name))?;
    if other == convolution { Ok(()) } else { Err(FoldSkip::DataFormat { convolution, other }) }
}

fn floats<'t>(tensor: &'t Tensor, what: &'static str) -> Result<&'t [f32], FoldSkip> {
    tensor.as_slice().map_err(|_| wrong(what, DType::F32.name(), tensor))
}

fn wrong(what: &'static str, expected: &str, tensor: &Tensor) -> FoldSkip {
    let found = format!("{} {:?}", tensor.dtype(), tensor.shape());
    FoldSkip::Constant { what, expected: expected.to_owned(), found }
}
