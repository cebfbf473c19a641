//! Small graphs, as files.

use std::path::Path;

use amct_graph::{AttrValue, Graph, GraphMeta, Node, ShapeAttr, TensorLiteral, type_code};
use amct_tensor::{DType, Tensor};

/// Nodes in the order they are added; inputs by name.
#[derive(Default)]
pub(crate) struct Builder {
    nodes: Vec<(Node, Vec<String>)>,
}

impl Builder {
    pub(crate) fn node(mut self, name: &str, op: &str, inputs: &[&str]) -> Self {
        let node = Node { name: name.to_owned(), op: op.to_owned(), ..Node::default() };
        self.nodes.push((node, inputs.iter().map(|&input| input.to_owned()).collect()));
        self.attr("T", float())
    }

    /// An attribute of the node added last.
    pub(crate) fn attr(mut self, name: &str, value: AttrValue) -> Self {
        self.nodes.last_mut().unwrap().0.attrs.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn placeholder(self, name: &str, sizes: &[i64]) -> Self {
        self.node(name, "Placeholder", &[])
            .attr("dtype", float())
            .attr("shape", AttrValue::Shape(ShapeAttr::of(sizes.iter().copied())))
    }

    pub(crate) fn constant(self, name: &str, tensor: &Tensor) -> Self {
        self.node(name, "Const", &[])
            .attr("dtype", AttrValue::Type(type_code(tensor.dtype())))
            .attr("value", AttrValue::tensor(TensorLiteral::encode(tensor)))
    }

    /// A convolution of stride 1 over the values of `input` with the filter node `filter`.
    pub(crate) fn convolution(self, name: &str, input: &str, filter: &str) -> Self {
        self.node(name, "Conv2D", &[input, filter])
            .attr("strides", AttrValue::ints([1, 1, 1, 1]))
            .attr("padding", AttrValue::string("SAME"))
            .attr("data_format", AttrValue::string("NHWC"))
    }

    /// A filter [1, 1, 3, 2].
    pub(crate) fn filter(self, name: &str) -> Self {
        let weights = vec![0.5_f32, -1.0, 0.25, 0.75, -0.125, 1.0];
        self.constant(name, &Tensor::from_vec([1, 1, 3, 2], weights).unwrap())
    }

    pub(crate) fn build(self) -> Graph {
        Graph::from_named(self.nodes, GraphMeta::default()).unwrap()
    }

    pub(crate) fn encode(self) -> Vec<u8> {
        amct::graphdef::encode(&self.build()).unwrap()
    }

    pub(crate) fn write(self, path: &Path) {
        std::fs::write(path, self.encode()).unwrap();
    }
}

/// DT_FLOAT.
pub(crate) fn float() -> AttrValue {
    AttrValue::Type(type_code(DType::F32))
}

/// Images of 4x4 pixels into one convolution, which is the only output.
pub(crate) fn one_convolution() -> Builder {
    Builder::default().placeholder("input", &[-1, 4, 4, 3]).filter("conv/weights").convolution(
        "conv/Conv2D",
        "input",
        "conv/weights",
    )
}

/// The same with `constant` added to the convolution's input.
pub(crate) fn shifted_by(numerator: f32, denominator: f32) -> Builder {
    Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .constant("numerator", &Tensor::scalar(numerator))
        .constant("denominator", &Tensor::scalar(denominator))
        .node("quotient", "RealDiv", &["numerator", "denominator"])
        .node("shift", "AddV2", &["input", "quotient"])
        .filter("conv/weights")
        .convolution("conv/Conv2D", "shift", "conv/weights")
}

/// images -> MaxPool -> Conv2D -> BatchNorm -> Relu -> AvgPool.
pub(crate) fn deep() -> Builder {
    let channels = |values: [f32; 2]| Tensor::vector(values.to_vec());
    let window = |builder: Builder| {
        builder
            .attr("ksize", AttrValue::ints([1, 2, 2, 1]))
            .attr("strides", AttrValue::ints([1, 1, 1, 1]))
            .attr("padding", AttrValue::string("VALID"))
            .attr("data_format", AttrValue::string("NHWC"))
    };
    let conv = window(Builder::default().placeholder("input", &[-1, 4, 4, 3]).node(
        "pool/MaxPool",
        "MaxPool",
        &["input"],
    ))
    .filter("conv/weights")
    .convolution("conv/Conv2D", "pool/MaxPool", "conv/weights")
    .constant("scale", &channels([2.0, 0.5]))
    .constant("shift", &channels([1.0, -1.0]))
    .constant("mean", &channels([0.5, 0.25]))
    .constant("variance", &channels([1.0, 4.0]))
    .node("bn", "FusedBatchNormV3", &["conv/Conv2D", "scale", "shift", "mean", "variance"])
    .attr("is_training", AttrValue::B(false))
    .attr("epsilon", AttrValue::F(0.001))
    .attr("data_format", AttrValue::string("NHWC"))
    .node("relu", "Relu", &["bn"]);
    window(conv.node("mean/AvgPool", "AvgPool", &["relu"]))
}
