//! Random models with what files of real ones bring besides layers: groups that wait for all weights,
//! libraries, places, shared weights, inputs of unknown shape, outputs inside layers.

use std::collections::BTreeSet;

use amct_graph::{AttrValue, Graph, GraphMeta, ListAttr, Node, ShapeAttr, TensorLiteral, type_code};
use amct_tensor::{DType, Element, Tensor};

/// Height and width of every map.
const EXTENT: usize = 6;
const CHANNELS: usize = 4;

/// One choice of the generator: an op, the value it reads, and the seed of the rest.
pub(crate) type Choice = (u8, u8, u64);

/// What the file is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// What the placeholder says of its shape, see [`input_shape`].
    pub(crate) shape: u8,
    /// Whether everything ends in a `NoOp` that waits for every weight.
    pub(crate) waits: bool,
    /// Whether nodes ask to be placed with weights.
    pub(crate) places: bool,
    /// Whether there is a library, which nobody calls.
    pub(crate) library: bool,
    /// Whether the model comes from quantization-aware training.
    pub(crate) trained: bool,
    /// Whether scalars have no shape in the file.
    pub(crate) bare_scalars: bool,
}

/// A model under construction.
pub(crate) struct RandomModel {
    habits: Habits,
    nodes: Vec<(Node, Vec<String>)>,
    /// Maps of [`CHANNELS`] channels; the first is the input.
    maps: Vec<String>,
    /// Filters that another layer may read too.
    filters: Vec<String>,
    /// What a group at the end waits for.
    reads: Vec<String>,
    outputs: BTreeSet<String>,
}

/// Values in (-1, 1) that repeat on every run.
fn values(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    })
    .take(len)
    .collect()
}

/// A batch for the model.
pub(crate) fn data() -> Tensor {
    let shape = [1, EXTENT, EXTENT, CHANNELS];
    Tensor::from_vec(shape, values(shape.iter().product(), 5)).unwrap()
}

fn float() -> AttrValue {
    AttrValue::Type(type_code(DType::F32))
}

fn window(strides: i64, padding: &str) -> Vec<(&'static str, AttrValue)> {
    vec![("strides", AttrValue::ints([1, strides, strides, 1])), ("padding", AttrValue::string(padding))]
}

fn input_shape(kind: u8) -> Option<ShapeAttr> {
    let unknown = ShapeAttr { unknown_rank: true, ..ShapeAttr::default() };
    match kind % 6 {
        0 => Some(ShapeAttr::of([1, 6, 6, 4])),
        1 => Some(ShapeAttr::of([-1, 6, 6, 4])),
        2 => Some(ShapeAttr::of([-1, -1, -1, -1])),
        3 => Some(ShapeAttr::default()),
        4 => Some(unknown),
        _ => None,
    }
}

impl RandomModel {
    pub(crate) fn of(choices: &[Choice], habits: Habits) -> Self {
        let (nodes, maps) = (Vec::new(), vec!["x".to_owned()]);
        let (filters, reads, outputs) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut model = Self { habits, nodes, maps, filters, reads, outputs };
        let shape = input_shape(habits.shape).map(|shape| ("shape", AttrValue::Shape(shape)));
        model.node("x", "Placeholder", &[], [("dtype", float())].into_iter().chain(shape).collect());
        for (index, &choice) in choices.iter().enumerate() {
            model.grow(&format!("net/n{index}/op"), choice);
        }
        model
    }

    fn node(&mut self, name: &str, op: &str, inputs: &[&str], attrs: Vec<(&str, AttrValue)>) {
        let mut node = Node { name: name.to_owned(), op: op.to_owned(), ..Node::default() };
        if !matches!(op, "Const" | "Placeholder" | "NoOp") {
            node.attrs.insert("T".to_owned(), float());
        }
        node.attrs.extend(attrs.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self.nodes.push((node, inputs.iter().map(|&input| input.to_owned()).collect()));
    }

    fn constant<T: Element>(&mut self, name: &str, shape: &[usize], data: Vec<T>) -> String {
        let mut literal = TensorLiteral::encode(&Tensor::from_vec(shape, data).unwrap());
        if shape.is_empty() && self.habits.bare_scalars {
            literal.shape = None;
        }
        let attrs =
            vec![("dtype", AttrValue::Type(type_code(T::DTYPE))), ("value", AttrValue::tensor(literal))];
        self.node(name, "Const", &[], attrs);
        name.to_owned()
    }

    /// Floats behind an identity, as a frozen variable is; all positive if `positive`.
    fn variable(&mut self, name: &str, shape: &[usize], seed: u64, positive: bool) -> String {
        let raw = values(shape.iter().product(), seed);
        let data = raw.into_iter().map(|v| if positive { v.abs() + 0.5 } else { v }).collect();
        self.constant::<f32>(name, shape, data);
        let read = format!("{name}/read");
        let place =
            AttrValue::List(ListAttr { s: vec![format!("loc:@{name}").into()], ..ListAttr::default() });
        let attrs = if self.habits.places { vec![("_class", place)] } else { Vec::new() };
        self.node(&read, "Identity", &[name], attrs);
        if seed.is_multiple_of(5) && self.habits.waits {
            // Read once more, for the sake of the group alone.
            let again = format!("{name}/again");
            self.node(&again, "Identity", &[name], Vec::new());
            self.reads.push(again);
        }
        self.reads.push(read.clone());
        read
    }

    /// Weights of a layer; those of training are rounded.
    fn weights(&mut self, name: &str, shape: &[usize], seed: u64) -> String {
        let read = self.variable(&format!("{name}/w"), shape, seed, false);
        if !self.habits.trained {
            return read;
        }
        let rounded = format!("{name}/w/rounded");
        let min = self.constant(&format!("{name}/w/min"), &[], vec![-1.0_f32]);
        let max = self.constant(&format!("{name}/w/max"), &[], vec![1.0_f32]);
        let attrs = vec![("narrow_range", AttrValue::B(true))];
        self.node(&rounded, "FakeQuantWithMinMaxVars", &[&read, &min, &max], attrs);
        rounded
    }

    /// Data of a layer; those of training are rounded.
    fn data(&mut self, name: &str, input: &str) -> String {
        if !self.habits.trained {
            return input.to_owned();
        }
        let rounded = format!("{name}/rounded");
        self.node(&rounded, "FakeQuantWithMinMaxArgs", &[input], Vec::new());
        rounded
    }

    /// Adds one op on a value made before; reading the latest is most likely.
    fn grow(&mut self, name: &str, (op, from, seed): Choice) {
        let from = self.maps.len() - 1 - usize::from(from) * self.maps.len() / 1024;
        let input = self.maps[from].clone();
        let part = |part: &str| format!("{name}/{part}");
        let input = if matches!(op % 17, 0..=7) { self.data(name, &input) } else { input };
        match op % 17 {
            0..=2 => {
                let shape = if seed.is_multiple_of(2) {
                    [1, 1, CHANNELS, CHANNELS]
                } else {
                    [3, 3, CHANNELS, CHANNELS]
                };
                let shared = self.filters.get(seed as usize % 4).cloned();
                let filter = shared.unwrap_or_else(|| self.weights(name, &shape, seed));
                self.node(name, "Conv2D", &[&input, &filter], window(1, "SAME"));
                self.filters.push(filter);
            }
            3 => {
                let filter = self.weights(name, &[3, 3, CHANNELS, 1], seed);
                self.node(name, "DepthwiseConv2dNative", &[&input, &filter], window(1, "SAME"));
            }
            4 => {
                let filter = self.weights(name, &[3, 3, CHANNELS, CHANNELS], seed);
                let sizes = [1, EXTENT, EXTENT, CHANNELS].map(|size| size as i32).to_vec();
                let sizes = self.constant(&part("sizes"), &[4], sizes);
                self.node(name, "Conv2DBackpropInput", &[&sizes, &filter, &input], window(1, "SAME"));
            }
            5 => {
                let paddings = self.constant(&part("paddings"), &[4, 2], vec![0_i32, 0, 1, 1, 1, 1, 0, 0]);
                let pad = part("pad");
                self.node(&pad, "Pad", &[&input, &paddings], Vec::new());
                let filter = self.weights(name, &[3, 3, CHANNELS, CHANNELS], seed);
                self.node(name, "Conv2D", &[&pad, &filter], window(1, "VALID"));
            }
            6 => self.group(name, &input, seed),
            7 => self.pool(name, "AvgPool", &input),
            8 => self.pool(name, "MaxPool", &input),
            9 => {
                let bias = self.variable(&part("bias"), &[CHANNELS], seed, false);
                self.node(name, "BiasAdd", &[&input, &bias], Vec::new());
            }
            10 => self.norm(name, &input, seed),
            11 => {
                let factor = self.variable(&part("factor"), &[], seed, true);
                self.node(name, "Mul", &[&input, &factor], Vec::new());
            }
            12 => {
                let other = self.maps[seed as usize % self.maps.len()].clone();
                self.node(name, "AddV2", &[&input, &other], Vec::new());
            }
            13 => self.node(name, "Identity", &[&input], Vec::new()),
            14 => self.node(name, "Relu6", &[&input], Vec::new()),
            15 => {
                // A layer on data that never change, as the first state of a recurrent net.
                let len = EXTENT * EXTENT * CHANNELS;
                let state = self.constant(&part("state"), &[1, EXTENT, EXTENT, CHANNELS], values(len, seed));
                let state = self.data(&part("of_state"), &state);
                let filter = self.weights(name, &[1, 1, CHANNELS, CHANNELS], seed);
                self.node(&part("of_state"), "Conv2D", &[&state, &filter], window(1, "SAME"));
                self.node(name, "AddV2", &[&input, &part("of_state")], Vec::new());
            }
            _ => self.node(name, "Relu", &[&input], Vec::new()),
        }
        if seed.is_multiple_of(7) {
            self.outputs.insert(name.to_owned());
        }
        self.maps.push(name.to_owned());
    }

    fn pool(&mut self, name: &str, op: &str, input: &str) {
        let attrs = [("ksize", AttrValue::ints([1, 2, 2, 1]))].into_iter().chain(window(1, "SAME")).collect();
        self.node(name, op, &[input], attrs);
    }

    fn group(&mut self, name: &str, input: &str, seed: u64) {
        let part = |part: &str| format!("{name}/{part}");
        let axis = self.constant(&part("axis"), &[], vec![3_i32]);
        let split = part("split");
        self.node(&split, "Split", &[&axis, input], vec![("num_split", AttrValue::I(2))]);
        let half = CHANNELS / 2;
        for (slot, branch) in [&*split, &format!("{split}:1")].into_iter().zip(["a", "b"]) {
            let filter = self.weights(&part(branch), &[1, 1, half, half], seed);
            self.node(&part(branch), "Conv2D", &[slot, &filter], window(1, "SAME"));
        }
        self.node(name, "ConcatV2", &[&part("a"), &part("b"), &axis], vec![("N", AttrValue::I(2))]);
    }

    fn norm(&mut self, name: &str, input: &str, seed: u64) {
        let parts = ["gamma", "beta", "mean", "variance"].map(|part| {
            let positive = part == "variance" || part == "gamma";
            self.variable(&format!("{name}/{part}"), &[CHANNELS], seed ^ part.len() as u64, positive)
        });
        let [gamma, beta, mean, variance] = &parts;
        let attrs = vec![("is_training", AttrValue::B(false)), ("epsilon", AttrValue::F(1e-3))];
        self.node(name, "FusedBatchNormV3", &[input, gamma, beta, mean, variance], attrs);
    }

    /// A head on the last map, a product with weights; `kind` tells which.
    fn head(&mut self, kind: u8, seed: u64) {
        let input = self.maps.last().unwrap().clone();
        let (op, shape) = match kind % 3 {
            0 => ("MatMul", vec![1_i32, -1]),
            1 => ("BatchMatMulV2", vec![1, EXTENT as i32, -1]),
            _ => return,
        };
        let columns = if op == "MatMul" { EXTENT * EXTENT * CHANNELS } else { EXTENT * CHANNELS };
        let shape = self.constant("head/shape", &[shape.len()], shape);
        self.node("head/flat", "Reshape", &[&input, &shape], Vec::new());
        let flat = self.data("head/fc", "head/flat");
        let weights = self.weights("head/fc", &[columns, 3], seed);
        self.node("head/fc", op, &[&flat, &weights], Vec::new());
        let bias = self.variable("head/bias", &[3], seed, false);
        self.node("head/out", "BiasAdd", &["head/fc", &bias], Vec::new());
        self.maps.push("head/out".to_owned());
    }

    /// The graph, and what is asked of it.
    pub(crate) fn build(mut self, kind: u8, seed: u64) -> (Graph, Vec<String>) {
        self.head(kind, seed);
        let end = self.maps.last().unwrap().clone();
        if self.habits.waits {
            self.node("NoOp", "NoOp", &[], Vec::new());
            let reads = self.reads.iter().map(|read| format!("^{read}")).collect();
            self.nodes.last_mut().unwrap().1 = reads;
        }
        let waits = self.habits.waits.then_some("^NoOp");
        self.node("out", "Identity", &[&[&*end][..], waits.as_slice()].concat(), Vec::new());
        self.outputs.insert("out".to_owned());
        let meta = GraphMeta {
            // A FunctionDefLibrary with one FunctionDef whose OpDef has the name "f".
            library: self.habits.library.then(|| (&[0x0a, 5, 0x0a, 3, 0x0a, 1, b'f'][..]).into()),
            functions: if self.habits.library { vec!["f".to_owned()] } else { Vec::new() },
            ..GraphMeta::default()
        };
        (Graph::from_named(self.nodes, meta).unwrap(), self.outputs.into_iter().collect())
    }
}
