//! One node of a quantizable op, looked at closely.

use amct_graph::views::WindowAttrs;
use amct_graph::{
    AttrValue, Consumers, Graph, LayerKind, Node, NodeId, Outlet, TensorLiteral, op, type_code, type_name,
};
use amct_tensor::{DType, DataFormat};

use super::{LayerBias, LayerSkip, LayerWeights, QuantizableLayer};
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
        let Some(&input) = node.inputs.get(self.kind.data_input()) else {
            return Err(LayerSkip::Inputs { expected: self.kind.input_count(), found: node.inputs.len() });
        };
        let format = self.format(node)?;
        let weights = match self.kind.weight_input() {
            Some(index) => Some(self.weights(node, index)?),
            None => None,
        };
        let channel_wise = self.kind.may_be_channel_wise()
            && !weights.as_ref().is_some_and(|weights| self.is_fully_connected(weights, input, format));
        let bias = weights.as_ref().and_then(|weights| self.bias(weights.channels, format));
        Ok(QuantizableLayer {
            name: node.name.clone(),
            node: self.id,
            kind: self.kind,
            input,
            pad: None,
            group: None,
            weights,
            channel_wise,
            bias,
        })
    }

    /// Checks the attributes; the layout of the output.
    fn format(&self, node: &Node) -> Result<DataFormat, LayerSkip> {
        let attrs = node.attributes();
        let transposes: &[&'static str] = match self.kind {
            LayerKind::MatMul => &["transpose_a", "transpose_b", "adjoint_a", "adjoint_b"],
            LayerKind::BatchMatMul => &["adj_x", "adj_y"],
            LayerKind::Conv3d => return volume_format(node),
            _ => {
                let window = WindowAttrs::of(node)?;
                if self.kind == LayerKind::ConvTranspose2d && window.dilations != (1, 1) {
                    return Err(LayerSkip::Dilated { found: attrs.ints("dilations")?.to_vec() });
                }
                return Ok(window.format);
            }
        };
        for attr in transposes {
            if attrs.bool_or(attr, false)? {
                return Err(LayerSkip::Transposed(attr));
            }
        }
        Ok(DataFormat::Nhwc)
    }

    fn weights(&self, node: &Node, index: usize) -> Result<LayerWeights, LayerSkip> {
        let expected = self.kind.input_count();
        let Some(&outlet) = node.inputs.get(index).filter(|_| node.inputs.len() == expected) else {
            return Err(LayerSkip::Inputs { expected, found: node.inputs.len() });
        };
        let constant = self.graph.constant_node(outlet).ok_or(LayerSkip::WeightsNotConstant)?;
        // Decoded once here, so that damaged weights are a reason now and no error later.
        let tensor = self.graph.decode_const(constant).map_err(LayerSkip::Unreadable)?;
        let shape = tensor.shape().to_vec();
        match self.kind.channels(&shape) {
            Some((channels, run)) if tensor.dtype() == DType::F32 && !tensor.is_empty() => {
                Ok(LayerWeights { constant, shape, channels, run })
            }
            _ => Err(LayerSkip::Weights {
                expected: match self.kind.weight_rank() {
                    2 => "float32 of rank 2, not empty",
                    5 => "float32 of rank 5, not empty",
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
        if node.op != op::BIAS_ADD || reader.input != 0 || !same_layout || self.outputs.has_node(self.id) {
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

/// Checks a `Conv3D`; its layout as that of the four dimensions without depth.
fn volume_format(node: &Node) -> Result<DataFormat, LayerSkip> {
    let attrs = node.attributes();
    let (format, depth) = match attrs.string("data_format")?.unwrap_or("NDHWC") {
        "NDHWC" => (DataFormat::Nhwc, 1),
        "NCDHW" => (DataFormat::Nchw, 2),
        other => return Err(attrs.error("data_format", "NDHWC or NCDHW", other).into()),
    };
    let dilations = attrs.ints("dilations")?;
    match dilations.get(depth) {
        None | Some(1) => Ok(format),
        Some(_) => Err(LayerSkip::Dilated { found: dilations.to_vec() }),
    }
}
