//! Small random graphs of layers and of what is folded into them.

use amct_graph::{AttrValue, Graph, GraphMeta, Node, TensorLiteral, type_code};
use amct_tensor::{DType, Element, Tensor};

/// Height and width of every map.
pub(crate) const EXTENT: usize = 5;
/// No map gets more channels than this.
const MAX_CHANNELS: usize = 6;

/// One choice of the generator: an op, the value it reads, and the seed of its constants.
pub(crate) type Choice = (u8, u8, u64);

/// A graph under construction.
pub(crate) struct RandomGraph {
    nodes: Vec<(Node, Vec<String>)>,
    /// Maps made so far with their channels; the first is the input.
    pub(crate) maps: Vec<(String, usize)>,
}

/// Values in (-1, 1) that repeat on every run.
pub(crate) fn values(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    })
    .take(len)
    .collect()
}

impl RandomGraph {
    pub(crate) fn of(choices: &[Choice]) -> Self {
        let mut graph = Self { nodes: Vec::new(), maps: vec![("x".to_owned(), 3)] };
        graph.node("x", "Placeholder", &[], &[("dtype", AttrValue::Type(type_code(DType::F32)))]);
        for (index, &choice) in choices.iter().enumerate() {
            graph.grow(&format!("n{index}"), choice);
        }
        graph
    }

    fn node(&mut self, name: &str, op: &str, inputs: &[&str], attrs: &[(&str, AttrValue)]) {
        let mut node = Node { name: name.to_owned(), op: op.to_owned(), ..Node::default() };
        if !matches!(op, "Const" | "Placeholder") {
            node.attrs.insert("T".to_owned(), AttrValue::Type(type_code(DType::F32)));
        }
        node.attrs.extend(attrs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        self.nodes.push((node, inputs.iter().map(|&input| input.to_owned()).collect()));
    }

    fn constant<T: Element>(&mut self, name: &str, shape: &[usize], data: Vec<T>) -> String {
        let value = AttrValue::tensor(TensorLiteral::encode(&Tensor::from_vec(shape, data).unwrap()));
        self.node(name, "Const", &[], &[("dtype", AttrValue::Type(type_code(T::DTYPE))), ("value", value)]);
        name.to_owned()
    }

    /// Floats of order one, all positive if `positive`.
    fn floats(&mut self, name: &str, shape: &[usize], seed: u64, positive: bool) -> String {
        let raw = values(shape.iter().product(), seed);
        let data = raw.into_iter().map(|v| if positive { v.abs() + 0.5 } else { v }).collect();
        self.constant(name, shape, data)
    }

    /// Adds one op on a value made before; reading the latest is most likely.
    fn grow(&mut self, name: &str, (op, from, seed): Choice) {
        let from = self.maps.len() - 1 - usize::from(from) * self.maps.len() / 1024;
        let (input, channels) = self.maps[from].clone();
        let part = |part: &str| format!("{name}/{part}");
        let shapes = [vec![channels], vec![1, 1, 1, channels], vec![]];
        let shape = &shapes[(seed % 3) as usize];
        let mut made = channels;
        match op % 11 {
            0 => made = self.conv(name, &input, channels, seed),
            1 => made = self.depthwise(name, &input, channels, seed),
            2 => {
                let bias = self.floats(&part("bias"), &[channels], seed, false);
                self.node(name, "BiasAdd", &[&input, &bias], &[]);
            }
            3 | 4 => self.fused_norm(name, &input, channels, seed),
            5 | 6 => self.small_norm(name, &input, channels, seed),
            7 => {
                let factor = self.floats(&part("factor"), shape, seed, true);
                let order = if seed.is_multiple_of(2) { [&*input, &*factor] } else { [&*factor, &*input] };
                self.node(name, "Mul", &order, &[]);
            }
            8 => {
                let summand = self.floats(&part("summand"), shape, seed, false);
                let op = ["Add", "AddV2", "Sub"][(seed / 4 % 3) as usize];
                self.node(name, op, &[&input, &summand], &[]);
            }
            9 => {
                let same = self.maps.iter().find(|(_, other)| *other == channels).unwrap().0.clone();
                self.node(name, "AddV2", &[&input, &same], &[]);
            }
            _ => self.node(name, "Relu", &[&input], &[]),
        }
        self.maps.push((name.to_owned(), made));
    }

    fn conv(&mut self, name: &str, input: &str, channels: usize, seed: u64) -> usize {
        let (kernel, made) = (1 + 2 * (seed % 2) as usize, 2 + (seed / 2 % 4) as usize);
        let weights = self.floats(&format!("{name}/w"), &[kernel, kernel, channels, made], seed, false);
        self.node(name, "Conv2D", &[input, &weights], &window());
        made
    }

    fn depthwise(&mut self, name: &str, input: &str, channels: usize, seed: u64) -> usize {
        let multiplier = if 2 * channels <= MAX_CHANNELS { 1 + (seed % 2) as usize } else { 1 };
        let weights = self.floats(&format!("{name}/w"), &[3, 3, channels, multiplier], seed, false);
        self.node(name, "DepthwiseConv2dNative", &[input, &weights], &window());
        channels * multiplier
    }

    fn fused_norm(&mut self, name: &str, input: &str, channels: usize, seed: u64) {
        let parts = ["gamma", "beta", "mean", "variance"].map(|part| {
            let positive = part == "variance" || part == "gamma";
            self.floats(&format!("{name}/{part}"), &[channels], seed ^ part.len() as u64, positive)
        });
        let [gamma, beta, mean, variance] = &parts;
        let attrs = [("is_training", AttrValue::B(false)), ("epsilon", AttrValue::F(1e-3))];
        self.node(name, "FusedBatchNorm", &[input, gamma, beta, mean, variance], &attrs);
    }

    /// `x * scale + (beta - mean * scale)`, with the scale's own arithmetic folded.
    fn small_norm(&mut self, name: &str, input: &str, channels: usize, seed: u64) {
        let part = |part: &str| format!("{name}/{part}");
        let scale = self.floats(&part("scale"), &[channels], seed, true);
        let mean = self.floats(&part("mean"), &[channels], seed + 1, false);
        let beta = self.floats(&part("beta"), &[channels], seed + 2, false);
        self.node(&part("mul"), "Mul", &[input, &scale], &[]);
        self.node(&part("mul_1"), "Mul", &[&mean, &scale], &[]);
        self.node(&part("sub"), "Sub", &[&beta, &part("mul_1")], &[]);
        let (product, shift) = (part("mul"), part("sub"));
        let order = if seed.is_multiple_of(2) { [&*product, &*shift] } else { [&*shift, &*product] };
        self.node(name, "AddV2", &order, &[]);
    }

    /// Adds a fully connected head on the last map, with a norm and a factor behind it; its name.
    pub(crate) fn head(&mut self, seed: u64) -> String {
        let (input, channels) = self.maps.last().unwrap().clone();
        let shape = self.constant("head/shape", &[2], vec![1_i32, -1]);
        self.node("head/flat", "Reshape", &[&input, &shape], &[]);
        let weights = self.floats("head/w", &[EXTENT * EXTENT * channels, 4], seed, false);
        self.node("head/fc", "MatMul", &["head/flat", &weights], &[]);
        self.small_norm("head/norm", "head/fc", 4, seed);
        let factor = self.floats("head/factor", &[], seed, true);
        self.node("head/out", "Mul", &["head/norm", &factor], &[]);
        "head/out".to_owned()
    }

    pub(crate) fn build(self) -> Graph {
        Graph::from_named(self.nodes, GraphMeta::default()).unwrap()
    }
}

fn window() -> [(&'static str, AttrValue); 2] {
    [("strides", AttrValue::ints([1, 1, 1, 1])), ("padding", AttrValue::string("SAME"))]
}
