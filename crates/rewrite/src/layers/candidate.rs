//! One node of a quantizable op, looked at closely.

use amct_graph::views::WindowAttrs;
use amct_graph::{AttrValue, Consumers, Graph, Node, NodeId, Outlet, TensorLiteral, type_code, type_name};
use amct_tensor::{DType, DataFormat};

use super::{LayerBias, LayerKind, LayerSkip, LayerWeights, QuantizableLayer};
use crate::outputs::Outputs;

pub(super) struct Candidate<'a> {
    pub(super) graph: &'a Graph,
    pub(super) consumers: &'a Consumers,
    pub(super) outputs: &'a Outputs,
    pub(super) shapes: &'a dyn Fn(Outlet) -> Option<Vec<usize>>,
    pub(super) id: NodeId,
    pub(super) kind: LayerKind,
}

impl Candidate<'_> {
    /// The layer, quantized at its own input; pads are looked behind later.
    pub(super) fn layer(&self) -> Result<QuantizableLayer, LayerSkip> {
        let node = self.graph.node(self.id);
        match node.attrs.get("T") {
            Some(AttrValue::Type(code)) if *code == type_code(DType::F32) => {}
            Some(AttrValue::Type(code)) => return Err(LayerSkip::DType { found: type_name(*code) }),
            _ => return Err(LayerSkip::DType { found: "missing".to_owned() }),
        }
        let expected = if self.kind == LayerKind::AvgPool { 1 } else { 2 };
        let &[input, ..] = node.inputs.as_slice() else {
            return Err(LayerSkip::Inputs { expected, found: 0 });
        };
        let format = self.format(node)?;
        let weights = if self.kind == LayerKind::AvgPool { None } else { Some(self.weights(node)?) };
        let channel_wise = self.kind.is_convolution()
            && !weights.as_ref().is_some_and(|weights| self.is_fully_connected(weights, input, format));
        let bias = weights.as_ref().and_then(|weights| self.bias(weights.channels, format));
        Ok(QuantizableLayer {
            name: node.name.clone(),
            node: self.id,
            kind: self.kind,
            input,
            pad: None,
            weights,
            channel_wise,
            bias,
        })
    }

    /// Checks the attributes; the layout of the output.
    fn format(&self, node: &Node) -> Result<DataFormat, LayerSkip> {
        if self.kind != LayerKind::MatMul {
            return Ok(WindowAttrs::of(node)?.format);
        }
        for attr in ["transpose_a", "transpose_b"] {
            if node.attributes().bool_or(attr, false)? {
                return Err(LayerSkip::Transposed(attr));
            }
        }
        Ok(DataFormat::Nhwc)
    }

    fn weights(&self, node: &Node) -> Result<LayerWeights, LayerSkip> {
        let &[_, outlet] = node.inputs.as_slice() else {
            return Err(LayerSkip::Inputs { expected: 2, found: node.inputs.len() });
        };
        let constant = self.graph.constant_node(outlet).ok_or(LayerSkip::WeightsNotConstant)?;
        // Decoded once here, so that damaged weights are a reason now and no error later.
        let tensor = self.graph.decode_const(constant).map_err(LayerSkip::Unreadable)?;
        let shape = tensor.shape().to_vec();
        let channels = match (self.kind, shape.as_slice()) {
            (LayerKind::Conv2d, &[_, _, _, cout]) => Some(cout),
            (LayerKind::DepthwiseConv2d, &[_, _, c, m]) => c.checked_mul(m),
            (LayerKind::MatMul, &[_, n]) => Some(n),
            _ => None,
        };
        match channels {
            Some(channels) if tensor.dtype() == DType::F32 && !tensor.is_empty() => {
                Ok(LayerWeights { constant, shape, channels })
            }
            _ => Err(LayerSkip::Weights {
                expected: match self.kind {
                    LayerKind::MatMul => "float32 of rank 2, not empty",
                    _ => "float32 of rank 4, not empty",
                },
                found: format!("{} {shape:?}", tensor.dtype()),
            }),
        }
    }

    /// Whether kernel and map are both 1x1.
    fn is_fully_connected(&self, weights: &LayerWeights, input: Outlet, format: DataFormat) -> bool {
        let (height, width) = format.spatial_axes();
        self.kind == LayerKind::Conv2d
            && weights.shape.starts_with(&[1, 1])
            && (self.shapes)(input)
                .is_some_and(|map| [height, width].iter().all(|&axis| map.get(axis) == Some(&1)))
    }

    /// The `BiasAdd` behind the layer, if nobody else sees the layer's output.
    fn bias(&self, channels: usize, format: DataFormat) -> Option<LayerBias> {
        let mut uses = self.consumers.all(self.id);
        let (reader, None) = (uses.next()?, uses.next()) else { return None };
        let node = self.graph.node(reader.node);
        let attrs = node.attributes();
        let same_layout =
            matches!(attrs.string("data_format"), Ok(name) if name.unwrap_or("NHWC") == format.name());
        if node.op != "BiasAdd" || reader.input != 0 || !same_layout || self.outputs.has_node(self.id) {
            return None;
        }
        let constant = self.graph.constant_node(*node.inputs.get(1)?)?;
        let literal: &TensorLiteral = self.graph.node(constant).attributes().tensor("value").ok()?;
        let fits = literal.element_type() == Some(DType::F32)
            && literal.dims().is_ok_and(|dims| dims == [channels])
            && literal.decode().is_ok();
        fits.then_some(LayerBias { node: reader.node, constant })
    }
}
