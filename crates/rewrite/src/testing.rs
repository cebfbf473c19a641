//! Small graphs for the tests of this crate.

use amct_graph::{AttrValue, Graph, GraphMeta, Node, ShapeAttr, TensorLiteral, type_code};
use amct_tensor::{DType, Element, Tensor};

use amct_tensor::quantization::{ActivationParams, process_scale};

use crate::constants::type_attr;
use crate::{LayerQuantization, QuantizableLayer, scan_layers};

/// Nodes with named inputs, as a GraphDef has them.
#[derive(Clone, Default)]
pub(crate) struct Net {
    nodes: Vec<(Node, Vec<String>)>,
}

/// Values that differ from each other and repeat on every run.
pub(crate) fn values(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 48) as f32 / 32_768.0 - 1.0
    })
    .take(len)
    .collect()
}

impl Net {
    /// A net with the placeholder `x` of these dimensions (-1: free).
    pub(crate) fn with_input(dims: &[i64]) -> Self {
        let attrs = [
            ("dtype", type_attr(DType::F32)),
            ("shape", AttrValue::Shape(ShapeAttr::of(dims.iter().copied()))),
        ];
        Self::default().node("x", "Placeholder", &[], attrs)
    }

    pub(crate) fn node<const N: usize>(
        mut self,
        name: &str,
        op: &str,
        inputs: &[&str],
        attrs: [(&str, AttrValue); N],
    ) -> Self {
        let attrs = attrs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let node = Node { name: name.into(), op: op.into(), attrs, ..Node::default() };
        self.nodes.push((node, inputs.iter().map(|&s| s.to_owned()).collect()));
        self
    }

    /// Sets an attribute of the node added last.
    pub(crate) fn attr(mut self, name: &str, value: AttrValue) -> Self {
        self.nodes.last_mut().unwrap().0.attrs.insert(name.into(), value);
        self
    }

    pub(crate) fn constant<T: Element>(self, name: &str, shape: &[usize], data: Vec<T>) -> Self {
        let tensor = Tensor::from_vec(shape, data).unwrap();
        let value = AttrValue::tensor(TensorLiteral::encode(&tensor));
        self.node(name, "Const", &[], [("dtype", type_attr(T::DTYPE)), ("value", value)])
    }

    /// A float constant `name` behind the Identity `name/read`, as frozen variables are.
    pub(crate) fn variable(self, name: &str, shape: &[usize]) -> Self {
        let seed = name.bytes().fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        let data = values(shape.iter().product(), seed);
        self.constant(name, shape, data).float(&format!("{name}/read"), "Identity", &[name])
    }

    /// A node whose only attribute is `T`, float.
    pub(crate) fn float(self, name: &str, op: &str, inputs: &[&str]) -> Self {
        self.node(name, op, inputs, [("T", type_attr(DType::F32))])
    }

    /// A convolution of `op` with VALID padding whose weights are the variable `name/weights`.
    pub(crate) fn conv(self, name: &str, op: &str, input: &str, weights: [usize; 4]) -> Self {
        let variable = format!("{name}/weights");
        let read = format!("{variable}/read");
        self.variable(&variable, &weights).conv_with(name, op, input, &read)
    }

    pub(crate) fn conv_with(self, name: &str, op: &str, input: &str, weights: &str) -> Self {
        self.float(name, op, &[input, weights])
            .attr("strides", AttrValue::ints([1, 1, 1, 1]))
            .attr("padding", AttrValue::string("VALID"))
            .attr("data_format", AttrValue::string("NHWC"))
    }

    pub(crate) fn bias_add(self, name: &str, input: &str, channels: usize) -> Self {
        let variable = format!("{name}/biases");
        let read = format!("{variable}/read");
        self.variable(&variable, &[channels])
            .float(name, "BiasAdd", &[input, &read])
            .attr("data_format", AttrValue::string("NHWC"))
    }

    /// An inference `FusedBatchNorm` with constants `name/{gamma,beta,mean,variance}`.
    pub(crate) fn batch_norm(self, name: &str, input: &str, channels: usize) -> Self {
        let inputs = ["gamma", "beta", "mean", "variance"].map(|part| format!("{name}/{part}"));
        let [gamma, beta, mean, variance] = &inputs;
        let positive = values(channels, 3).into_iter().map(|v| v + 1.5).collect();
        self.variable(gamma, &[channels])
            .variable(beta, &[channels])
            .variable(mean, &[channels])
            .constant(variance, &[channels], positive)
            .float(
                name,
                "FusedBatchNorm",
                &[
                    input,
                    &format!("{gamma}/read"),
                    &format!("{beta}/read"),
                    &format!("{mean}/read"),
                    variance,
                ],
            )
            .attr("is_training", AttrValue::B(false))
            .attr("epsilon", AttrValue::F(1e-3))
            .attr("data_format", AttrValue::string("NHWC"))
    }

    /// A `Conv2DBackpropInput` to 8x8 maps with filter \[H, W, Cout, Cin\].
    pub(crate) fn deconv(self, name: &str, input: &str, weights: [usize; 4]) -> Self {
        let (variable, sizes) = (format!("{name}/weights"), format!("{name}/sizes"));
        let read = format!("{variable}/read");
        self.variable(&variable, &weights)
            .constant(&sizes, &[4], vec![1_i32, 8, 8, weights[2] as i32])
            .conv_with(name, "Conv2DBackpropInput", &sizes, &read)
            .reads(input)
    }

    /// A `Conv2D` in two groups, `name/split`, `name/a`, `name/b` and `name/concat`, on a map of
    /// `channels` channels.
    pub(crate) fn group_conv(self, name: &str, input: &str, channels: usize) -> Self {
        let part = |part: &str| format!("{name}/{part}");
        let shape = [1, 1, channels / 2, 3];
        self.constant(&part("axis"), &[], vec![3_i32])
            .float(&part("split"), "Split", &[&part("axis"), input])
            .attr("num_split", AttrValue::I(2))
            .conv(&part("a"), "Conv2D", &part("split"), shape)
            .conv(&part("b"), "Conv2D", &part("split:1"), shape)
            .bias_add(&part("b_bias"), &part("b"), 3)
            .float(&part("concat"), "ConcatV2", &[&part("a"), &part("b_bias"), &part("axis")])
            .attr("N", AttrValue::I(2))
    }

    /// A `Conv3D` with filter DHWIO.
    pub(crate) fn conv3d(self, name: &str, input: &str, weights: [usize; 5]) -> Self {
        let variable = format!("{name}/weights");
        let read = format!("{variable}/read");
        self.variable(&variable, &weights)
            .float(name, "Conv3D", &[input, &read])
            .attr("strides", AttrValue::ints([1, 1, 1, 1, 1]))
            .attr("padding", AttrValue::string("VALID"))
    }

    /// A `BatchMatMulV2` with a constant matrix.
    pub(crate) fn batch_matmul(self, name: &str, input: &str, weights: [usize; 2]) -> Self {
        let variable = format!("{name}/weights");
        self.variable(&variable, &weights).float(name, "BatchMatMulV2", &[input, &variable])
    }

    /// One more input of the node added last.
    pub(crate) fn reads(mut self, input: &str) -> Self {
        self.nodes.last_mut().unwrap().1.push(input.to_owned());
        self
    }

    /// A `Pad` by one on height and width.
    pub(crate) fn pad(self, name: &str, input: &str) -> Self {
        let paddings = format!("{name}/paddings");
        self.constant(&paddings, &[4, 2], vec![0_i32, 0, 1, 1, 1, 1, 0, 0])
            .float(name, "Pad", &[input, &paddings])
            .attr("Tpaddings", AttrValue::Type(type_code(DType::I32)))
    }

    pub(crate) fn matmul(self, name: &str, input: &str, weights: [usize; 2]) -> Self {
        let variable = format!("{name}/weights");
        let read = format!("{variable}/read");
        self.variable(&variable, &weights)
            .float(name, "MatMul", &[input, &read])
            .attr("transpose_a", AttrValue::B(false))
            .attr("transpose_b", AttrValue::B(false))
    }

    pub(crate) fn avg_pool(self, name: &str, input: &str, kernel: i64) -> Self {
        self.float(name, "AvgPool", &[input])
            .attr("ksize", AttrValue::ints([1, kernel, kernel, 1]))
            .attr("strides", AttrValue::ints([1, 1, 1, 1]))
            .attr("padding", AttrValue::string("VALID"))
            .attr("data_format", AttrValue::string("NHWC"))
    }

    pub(crate) fn max_pool(self, name: &str, input: &str, kernel: i64) -> Self {
        self.float(name, "MaxPool", &[input])
            .attr("ksize", AttrValue::ints([1, kernel, kernel, 1]))
            .attr("strides", AttrValue::ints([1, 1, 1, 1]))
            .attr("padding", AttrValue::string("VALID"))
            .attr("data_format", AttrValue::string("NHWC"))
    }

    /// A control input of the node added last.
    pub(crate) fn after(mut self, control: &str) -> Self {
        self.nodes.last_mut().unwrap().1.push(format!("^{control}"));
        self
    }

    pub(crate) fn build(self) -> Graph {
        Graph::from_named(self.nodes, GraphMeta::default()).unwrap()
    }
}

/// The graph's nodes back in named form, for tests that change them at will.
pub(crate) fn edited(graph: &Graph, edit: impl FnOnce(&mut Vec<(Node, Vec<String>)>)) -> Graph {
    let mut nodes: Vec<(Node, Vec<String>)> = graph
        .nodes()
        .map(|(_, node)| {
            let data = node.inputs.iter().map(|&outlet| graph.outlet_name(outlet));
            let controls = node.controls.iter().map(|&id| format!("^{}", graph.node(id).name));
            let bare = Node { inputs: Vec::new(), controls: Vec::new(), ..node.clone() };
            (bare, data.chain(controls).collect())
        })
        .collect();
    edit(&mut nodes);
    Graph::from_named(nodes, graph.meta().clone()).unwrap()
}

/// The node of that name.
pub(crate) fn node<'g>(graph: &'g Graph, name: &str) -> &'g Node {
    graph.node(graph.find(name).unwrap_or_else(|| panic!("no node '{name}'")))
}

/// The inputs of a node by name, controls last and with `^`.
pub(crate) fn inputs(graph: &Graph, name: &str) -> Vec<String> {
    let node = node(graph, name);
    let controls = node.controls.iter().map(|&id| format!("^{}", graph.node(id).name));
    node.inputs.iter().map(|&outlet| graph.outlet_name(outlet)).chain(controls).collect()
}

/// The constant that a node is, or hands on.
pub(crate) fn constant_of(graph: &Graph, name: &str) -> Tensor {
    graph.constant(graph.outlet(name).unwrap()).unwrap().unwrap()
}

/// Names as owned strings.
pub(crate) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&s| s.to_owned()).collect()
}

/// Quantizes the weights of a layer by their largest magnitude, per channel if that is the default.
pub(crate) fn quantize_layer(
    graph: &Graph,
    layer: QuantizableLayer,
    scale: f32,
    offset: i32,
) -> LayerQuantization {
    let activation = ActivationParams { scale, offset };
    let Some(weights) = &layer.weights else {
        return LayerQuantization {
            layer,
            activation,
            scale_w: Vec::new(),
            weights: Vec::new(),
            shift_bits: Vec::new(),
            truncate_deq_scale: false,
        };
    };
    let tensor = graph.decode_const(weights.constant).unwrap();
    let floats = tensor.as_slice::<f32>().unwrap();
    let channels = if layer.channel_wise { weights.channels } else { 1 };
    let channel = |i: usize| i / weights.run % channels;
    let mut scale_w = vec![0.0_f32; channels];
    for (i, w) in floats.iter().enumerate() {
        scale_w[channel(i)] = scale_w[channel(i)].max(w.abs());
    }
    let scale_w: Vec<f32> = scale_w.into_iter().map(|max| process_scale(max / 127.0).unwrap()).collect();
    let weights = floats.iter().enumerate().map(|(i, w)| (w / scale_w[channel(i)]).round() as i8).collect();
    LayerQuantization {
        layer,
        activation,
        scale_w,
        weights,
        shift_bits: Vec::new(),
        truncate_deq_scale: false,
    }
}

/// All layers of a graph with numbers for each.
pub(crate) fn quantize_all(graph: &Graph, outputs: &[&str]) -> Vec<LayerQuantization> {
    let scan = scan_layers(graph, &names(outputs), &|_| None).unwrap();
    scan.layers.into_iter().map(|layer| quantize_layer(graph, layer, 0.05, -128)).collect()
}
