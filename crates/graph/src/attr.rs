//! The values of attributes, one variant for every kind that a GraphDef has.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::TensorLiteral;

/// The value of a node's attribute, as the GraphDef has it.
#[derive(Clone, Debug, PartialEq)]
pub enum AttrValue {
    /// A message with no value set.
    Unset,
    /// A string of bytes.
    S(Bytes),
    /// An integer.
    I(i64),
    /// A float.
    F(f32),
    /// A boolean.
    B(bool),
    /// A type, by TensorFlow's number (see [`dtype_from_code`](crate::dtype_from_code)).
    Type(i32),
    /// A shape.
    Shape(ShapeAttr),
    /// A constant.
    Tensor(Arc<TensorLiteral>),
    /// A list.
    List(ListAttr),
    /// A function with its own attributes.
    Func(FuncAttr),
    /// A name standing for a value in a function body.
    Placeholder(String),
}

impl AttrValue {
    /// A string attribute.
    pub fn string(value: &str) -> Self {
        AttrValue::S(Bytes::copy_from_slice(value.as_bytes()))
    }

    /// A constant attribute.
    pub fn tensor(literal: TensorLiteral) -> Self {
        AttrValue::Tensor(Arc::new(literal))
    }

    /// A list of integers.
    pub fn ints(values: impl Into<Vec<i64>>) -> Self {
        AttrValue::List(ListAttr { i: values.into(), ..ListAttr::default() })
    }

    /// The kind of the value, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            AttrValue::Unset => "nothing",
            AttrValue::S(_) => "a string",
            AttrValue::I(_) => "an integer",
            AttrValue::F(_) => "a float",
            AttrValue::B(_) => "a boolean",
            AttrValue::Type(_) => "a type",
            AttrValue::Shape(_) => "a shape",
            AttrValue::Tensor(_) => "a tensor",
            AttrValue::List(_) => "a list",
            AttrValue::Func(_) => "a function",
            AttrValue::Placeholder(_) => "a placeholder",
        }
    }
}

/// A shape attribute; sizes of -1 are free.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ShapeAttr {
    /// Dimensions, outermost first.
    pub dims: Vec<ShapeDim>,
    /// Whether not even the rank is known.
    pub unknown_rank: bool,
}

/// One dimension of a [`ShapeAttr`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ShapeDim {
    /// Extent, or -1 for a free one.
    pub size: i64,
    /// Optional name.
    pub name: String,
}

impl ShapeAttr {
    /// A shape of these sizes.
    pub fn of(sizes: impl IntoIterator<Item = i64>) -> Self {
        Self {
            dims: sizes.into_iter().map(|size| ShapeDim { size, name: String::new() }).collect(),
            unknown_rank: false,
        }
    }

    /// The sizes, `None` for a free one; `None` altogether if the rank is unknown.
    pub fn sizes(&self) -> Option<Vec<Option<usize>>> {
        (!self.unknown_rank).then(|| self.dims.iter().map(|dim| usize::try_from(dim.size).ok()).collect())
    }
}

/// A list attribute. TensorFlow allows only one of the kinds to be filled; all are kept.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListAttr {
    /// Strings.
    pub s: Vec<Bytes>,
    /// Integers.
    pub i: Vec<i64>,
    /// Floats.
    pub f: Vec<f32>,
    /// Booleans.
    pub b: Vec<bool>,
    /// Types, by number.
    pub types: Vec<i32>,
    /// Shapes.
    pub shapes: Vec<ShapeAttr>,
    /// Constants.
    pub tensors: Vec<Arc<TensorLiteral>>,
    /// Functions.
    pub funcs: Vec<FuncAttr>,
}

/// A function name with attributes.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct FuncAttr {
    /// Name of the function.
    pub name: String,
    /// Its attributes.
    pub attrs: BTreeMap<String, AttrValue>,
}
