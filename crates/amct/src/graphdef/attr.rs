//! Attribute values between protobuf and graph.

use std::sync::Arc;

use amct_graph::{AttrValue, FuncAttr, ListAttr};

use super::error::GraphDefError;
use super::proto::attr_value::{ListValue, Value};
use super::{literal, proto, shape};

pub(super) fn from_proto(value: proto::AttrValue) -> AttrValue {
    match value.value {
        None => AttrValue::Unset,
        Some(Value::S(s)) => AttrValue::S(s),
        Some(Value::I(i)) => AttrValue::I(i),
        Some(Value::F(f)) => AttrValue::F(f),
        Some(Value::B(b)) => AttrValue::B(b),
        Some(Value::Type(code)) => AttrValue::Type(code),
        Some(Value::Shape(shape)) => AttrValue::Shape(shape::from_proto(shape)),
        Some(Value::Tensor(tensor)) => AttrValue::Tensor(Arc::new(literal::from_proto(tensor))),
        Some(Value::List(list)) => AttrValue::List(ListAttr {
            s: list.s,
            i: list.i,
            f: list.f,
            b: list.b,
            types: list.r#type,
            shapes: list.shape.into_iter().map(shape::from_proto).collect(),
            tensors: list.tensor.into_iter().map(|tensor| Arc::new(literal::from_proto(tensor))).collect(),
            funcs: list.func.into_iter().map(func_from_proto).collect(),
        }),
        Some(Value::Func(func)) => AttrValue::Func(func_from_proto(func)),
        Some(Value::Placeholder(name)) => AttrValue::Placeholder(name),
    }
}

pub(super) fn to_proto(value: &AttrValue) -> Result<proto::AttrValue, GraphDefError> {
    let value = match value {
        AttrValue::Unset => None,
        AttrValue::S(s) => Some(Value::S(s.clone())),
        AttrValue::I(i) => Some(Value::I(*i)),
        AttrValue::F(f) => Some(Value::F(*f)),
        AttrValue::B(b) => Some(Value::B(*b)),
        AttrValue::Type(code) => Some(Value::Type(*code)),
        AttrValue::Shape(shape) => Some(Value::Shape(shape::to_proto(shape))),
        AttrValue::Tensor(tensor) => Some(Value::Tensor(literal::to_proto(tensor)?)),
        AttrValue::List(list) => Some(Value::List(ListValue {
            s: list.s.clone(),
            i: list.i.clone(),
            f: list.f.clone(),
            b: list.b.clone(),
            r#type: list.types.clone(),
            shape: list.shapes.iter().map(shape::to_proto).collect(),
            tensor: list.tensors.iter().map(|tensor| literal::to_proto(tensor)).collect::<Result<_, _>>()?,
            func: list.funcs.iter().map(func_to_proto).collect::<Result<_, _>>()?,
        })),
        AttrValue::Func(func) => Some(Value::Func(func_to_proto(func)?)),
        AttrValue::Placeholder(name) => Some(Value::Placeholder(name.clone())),
    };
    Ok(proto::AttrValue { value })
}

fn func_from_proto(func: proto::NameAttrList) -> FuncAttr {
    FuncAttr {
        name: func.name,
        attrs: func.attr.into_iter().map(|(name, value)| (name, from_proto(value))).collect(),
    }
}

fn func_to_proto(func: &FuncAttr) -> Result<proto::NameAttrList, GraphDefError> {
    Ok(proto::NameAttrList {
        name: func.name.clone(),
        attr: func
            .attrs
            .iter()
            .map(|(name, value)| Ok((name.clone(), to_proto(value)?)))
            .collect::<Result<_, GraphDefError>>()?,
    })
}
