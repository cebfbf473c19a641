//! Quantized graphs small enough to be worked out by hand.

use amct_graph::{AttrValue, Graph, Node, Outlet, TensorLiteral};
use amct_interpreter::{Arithmetic, Device, Plan, PlanOptions, Value};
use amct_tensor::Chain;
use amct_tensor::quantization::DeqScale;
use amct_tensor::{Element, Tensor};

#[derive(Default)]
pub(crate) struct Net(Vec<(Node, Vec<String>)>);

impl Net {
    pub(crate) fn node(mut self, name: &str, op: &str, inputs: &[&str], attrs: &[(&str, AttrValue)]) -> Self {
        let attrs = attrs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let node = Node { name: name.into(), op: op.into(), attrs, ..Node::default() };
        self.0.push((node, inputs.iter().map(|&input| input.to_owned()).collect()));
        self
    }

    pub(crate) fn constant<T: Element>(self, name: &str, shape: &[usize], values: Vec<T>) -> Self {
        let literal = TensorLiteral::encode(&Tensor::from_vec(shape, values).unwrap());
        self.node(name, "Const", &[], &[("value", AttrValue::tensor(literal))])
    }

    pub(crate) fn input() -> Self {
        Self::default().node("x", "Placeholder", &[], &[])
    }

    pub(crate) fn quant(self, name: &str, input: &str, scale: f32, offset: f32) -> Self {
        let attrs = [("scale", AttrValue::F(scale)), ("offset", AttrValue::F(offset))];
        self.node(name, "AscendQuant", &[input], &attrs)
    }

    /// A convolution along the width: a filter [1, width, 1, 1], stride 1.
    pub(crate) fn convolution(self, name: &str, input: &str, weights: Vec<i8>, padding: &str) -> Self {
        let (w, offset, quant) = (format!("{name}/w"), format!("{name}/o"), format!("{name}/quant"));
        let window = [
            ("strides", AttrValue::ints([1, 1, 1, 1])),
            ("padding", AttrValue::string(padding)),
            ("data_format", AttrValue::string("NHWC")),
        ];
        self.constant(&w, &[1, weights.len(), 1, 1], weights)
            .constant(&offset, &[1, 1, 1, 1], vec![0_i8])
            .node(&quant, "AscendWeightQuant", &[&w, &offset], &[])
            .node(name, "Conv2D", &[input, &quant], &window)
    }

    pub(crate) fn bias(self, name: &str, input: &str, bias: Vec<i32>) -> Self {
        let (constant, cast) = (format!("{name}/bias"), format!("{name}/cast"));
        let types = [("SrcT", AttrValue::Type(3)), ("DstT", AttrValue::Type(1))];
        self.constant(&constant, &[bias.len()], bias).node(&cast, "Cast", &[&constant], &types).node(
            name,
            "BiasAdd",
            &[input, &cast],
            &[("data_format", AttrValue::string("NHWC"))],
        )
    }

    pub(crate) fn dequant(self, name: &str, input: &str, word: DeqScale, ksize: [i64; 2]) -> Self {
        let scale = format!("{name}/deq_scale");
        let attrs = [("ksize", AttrValue::ints(ksize)), ("data_format", AttrValue::string("NHWC"))];
        self.constant(&scale, &[1], vec![word.to_bits()]).node(
            name,
            "AscendDequant",
            &[input, &scale],
            &attrs,
        )
    }

    pub(crate) fn graph(self) -> Graph {
        Graph::from_named(self.0, Default::default()).unwrap()
    }
}

pub(crate) fn plan(
    graph: &Graph,
    outputs: &[&str],
    arithmetic: Arithmetic,
    observed: &[&str],
) -> Result<Plan, String> {
    amct_kernels::Isa::from_environment().unwrap().choose().unwrap();
    let outlets = |names: &[&str]| names.iter().map(|n| graph.outlet(n).unwrap()).collect::<Vec<Outlet>>();
    let options = PlanOptions { arithmetic, observed: outlets(observed), ..PlanOptions::default() };
    Plan::compile(graph, &outlets(outputs), &options).map_err(|error| Chain(&error).to_string())
}

/// A row of floats along the width.
pub(crate) fn row(values: &[f32]) -> Value {
    Tensor::from_vec([1, 1, values.len(), 1], values.to_vec()).unwrap().into()
}

pub(crate) fn run(
    graph: &Graph,
    outputs: &[&str],
    arithmetic: Arithmetic,
    x: &[f32],
) -> Result<Vec<Value>, String> {
    let plan = plan(graph, outputs, arithmetic, &[])?;
    plan.run(&[("x", row(x))].into()).map_err(|error| Chain(&error).to_string())
}

pub(crate) fn floats(value: &Value) -> Vec<f32> {
    value.clone().plain().unwrap().into_vec().unwrap()
}

pub(crate) fn int8s(value: &Value) -> Vec<i8> {
    let Value::Quantized { q, .. } = value else { panic!("{value:?}") };
    q.as_slice().unwrap().to_vec()
}

pub(crate) fn devices() -> impl Iterator<Item = (Device, Arithmetic)> {
    Device::ALL.into_iter().map(|device| (device, Arithmetic::Device(device)))
}

/// Two layers, `between` them: D = 2^-4 of the first, scale 0.5 of the second.
pub(crate) fn two_layers(between: &str) -> Net {
    Net::input()
        .quant("q", "x", 1.0, 0.0)
        .convolution("conv", "q", vec![127], "VALID")
        .dequant("d", "conv", DeqScale::new(0.0625, 1.0), [1, 1])
        .node("between", between, &["d"], &[])
        .quant("q2", "between", 0.5, 1.0)
        .convolution("conv2", "q2", vec![1], "VALID")
        .dequant("y", "conv2", DeqScale::new(1.0, 1.0), [1, 1])
}
