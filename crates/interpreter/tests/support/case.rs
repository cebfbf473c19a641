//! One case: a node, its inputs and what TensorFlow computes of them.

use std::collections::BTreeMap;

use amct_graph::{AttrValue, Graph, ListAttr, Node, ShapeAttr, TensorLiteral, type_code};
use amct_interpreter::{Feeds, Plan, PlanOptions};
use amct_tensor::{DType, Tensor};
use serde::Deserialize;

use super::literal::Literal;
use super::{Closeness, compare};
use amct_tensor::Chain;

#[derive(Deserialize)]
pub struct Case {
    pub name: String,
    pub op: String,
    #[serde(default)]
    attrs: BTreeMap<String, Attr>,
    inputs: Vec<Literal>,
    #[serde(default)]
    outputs: Vec<Literal>,
    /// TensorFlow refuses these inputs.
    #[serde(default)]
    fails: bool,
}

/// Which inputs of a case are constants of the graph; the others are fed.
#[derive(Clone, Copy, PartialEq)]
pub enum Feeding {
    /// Those that the case marks `const`.
    AsGiven,
    /// None, so that the operator sees everything at run time.
    AllFed,
    /// All, so that the plan evaluates the node.
    AllConstant,
}

#[derive(Deserialize)]
#[serde(tag = "kind", content = "value")]
enum Attr {
    #[serde(rename = "i")]
    Int(i64),
    #[serde(rename = "f")]
    Float(f32),
    #[serde(rename = "b")]
    Bool(bool),
    #[serde(rename = "s")]
    String(String),
    #[serde(rename = "type")]
    Type(String),
    #[serde(rename = "shape")]
    Shape(Vec<i64>),
    #[serde(rename = "ints")]
    Ints(Vec<i64>),
    #[serde(rename = "floats")]
    Floats(Vec<f32>),
    #[serde(rename = "types")]
    Types(Vec<String>),
}

impl Attr {
    fn value(&self) -> AttrValue {
        let code = |name: &str| type_code(DType::from_name(name).expect("a type"));
        match self {
            Attr::Int(i) => AttrValue::I(*i),
            Attr::Float(f) => AttrValue::F(*f),
            Attr::Bool(b) => AttrValue::B(*b),
            Attr::String(s) => AttrValue::string(s),
            Attr::Type(name) => AttrValue::Type(code(name)),
            Attr::Shape(dims) => AttrValue::Shape(ShapeAttr::of(dims.iter().copied())),
            Attr::Ints(list) => AttrValue::ints(list.clone()),
            Attr::Floats(list) => AttrValue::List(ListAttr { f: list.clone(), ..ListAttr::default() }),
            Attr::Types(names) => AttrValue::List(ListAttr {
                types: names.iter().map(|name| code(name)).collect(),
                ..ListAttr::default()
            }),
        }
    }
}

impl Case {
    /// Runs the case and compares with TensorFlow's outputs.
    pub fn check(&self, feeding: Feeding, closeness: Closeness) -> Result<(), String> {
        match (self.run(feeding), self.fails) {
            (Err(_), true) => Ok(()),
            (Err(error), false) => Err(error),
            (Ok(_), true) => Err("TensorFlow refuses it, but it runs".to_owned()),
            (Ok(found), false) => {
                for (index, (found, expected)) in found.iter().zip(&self.outputs).enumerate() {
                    compare(found, &expected.tensor(), closeness)
                        .map_err(|error| format!("output {index}: {error}"))?;
                }
                Ok(())
            }
        }
    }

    fn run(&self, feeding: Feeding) -> Result<Vec<Tensor>, String> {
        amct_kernels::Isa::from_environment().unwrap().choose().unwrap();
        let mut nodes = Vec::new();
        let mut feeds = Feeds::new();
        for (index, input) in self.inputs.iter().enumerate() {
            let tensor = input.tensor();
            let name = format!("input{index}");
            let constant = match feeding {
                Feeding::AsGiven => input.constant,
                Feeding::AllFed => false,
                Feeding::AllConstant => true,
            };
            let mut node = Node { name: name.clone(), ..Node::default() };
            if constant {
                node.op = "Const".to_owned();
                node.attrs.insert("value".to_owned(), AttrValue::tensor(TensorLiteral::encode(&tensor)));
            } else {
                node.op = "Placeholder".to_owned();
                feeds.insert(name, tensor);
            }
            nodes.push((node, Vec::new()));
        }
        let attrs = self.attrs.iter().map(|(name, attr)| (name.clone(), attr.value())).collect();
        let node = Node { name: "op".to_owned(), op: self.op.clone(), attrs, ..Node::default() };
        nodes.push((node, (0..self.inputs.len()).map(|index| format!("input{index}")).collect()));
        let graph =
            Graph::from_named(nodes, Default::default()).map_err(|error| Chain(&error).to_string())?;
        let outlets = (0..self.outputs.len().max(1)).map(|slot| graph.outlet(&format!("op:{slot}")));
        let outlets = outlets.collect::<Result<Vec<_>, _>>().map_err(|error| Chain(&error).to_string())?;
        let plan = Plan::compile(&graph, &outlets, &PlanOptions::default())
            .map_err(|error| Chain(&error).to_string())?;
        let values = plan.run(&feeds).map_err(|error| Chain(&error).to_string())?;
        values.into_iter().map(|value| value.plain().map_err(|error| Chain(&error).to_string())).collect()
    }
}
