//! Typed access to a node's attributes, with errors that name node, attribute and what was found.

use std::fmt;

use amct_tensor::{DType, ErrorKind, Fault, Place};

use crate::{AttrValue, Node, ShapeAttr, TensorLiteral, dtype_from_code, type_name};

/// Typed access to a node's attributes.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    node: &'a Node,
}

/// An attribute that is missing or not what its op needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrError {
    /// Name of the node.
    pub node: String,
    /// Its op.
    pub op: String,
    /// Name of the attribute.
    pub attr: String,
    /// What is accepted.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl fmt::Display for AttrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} '{}': attribute '{}' must be {}, but is {}",
            self.op, self.node, self.attr, self.expected, self.found
        )
    }
}

impl std::error::Error for AttrError {}

impl Fault for AttrError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Graph
    }

    fn place(&self) -> Place<'_> {
        Place::node(&self.node).attribute(&self.attr)
    }
}

type Result<T> = std::result::Result<T, AttrError>;

impl<'a> Attributes<'a> {
    pub(crate) fn new(node: &'a Node) -> Self {
        Self { node }
    }

    /// The error for attribute `attr` of this node.
    pub fn error(&self, attr: &str, expected: impl Into<String>, found: impl Into<String>) -> AttrError {
        AttrError {
            node: self.node.name.clone(),
            op: self.node.op.clone(),
            attr: attr.to_owned(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    fn read<T>(
        &self,
        attr: &str,
        expected: &str,
        get: impl Fn(&'a AttrValue) -> Option<T>,
    ) -> Result<Option<T>> {
        match self.node.attrs.get(attr) {
            None | Some(AttrValue::Unset) => Ok(None),
            Some(value) => match get(value) {
                Some(got) => Ok(Some(got)),
                None => Err(self.error(attr, expected, value.kind())),
            },
        }
    }

    fn required<T>(&self, attr: &str, expected: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.error(attr, expected, "missing"))
    }

    /// A boolean, or `default` if it is not there.
    ///
    /// # Errors
    /// [`AttrError`] if the attribute is of another kind. So for all that follow.
    pub fn bool_or(&self, attr: &str, default: bool) -> Result<bool> {
        let get = |value: &AttrValue| if let AttrValue::B(b) = value { Some(*b) } else { None };
        Ok(self.read(attr, "a boolean", get)?.unwrap_or(default))
    }

    /// A float, or `default`.
    ///
    /// # Errors
    /// [`AttrError`].
    pub fn float_or(&self, attr: &str, default: f32) -> Result<f32> {
        let get = |value: &AttrValue| if let AttrValue::F(x) = value { Some(*x) } else { None };
        Ok(self.read(attr, "a float", get)?.unwrap_or(default))
    }

    /// A float that must be there.
    ///
    /// # Errors
    /// [`AttrError`].
    pub fn float(&self, attr: &str) -> Result<f32> {
        let get = |value: &AttrValue| if let AttrValue::F(x) = value { Some(*x) } else { None };
        let value = self.read(attr, "a float", get)?;
        self.required(attr, "a float", value)
    }

    /// An integer, or `default`.
    ///
    /// # Errors
    /// [`AttrError`].
    pub fn int_or(&self, attr: &str, default: i64) -> Result<i64> {
        let get = |value: &AttrValue| if let AttrValue::I(i) = value { Some(*i) } else { None };
        Ok(self.read(attr, "an integer", get)?.unwrap_or(default))
    }

    /// A list of integers, empty if it is not there.
    ///
    /// # Errors
    /// [`AttrError`].
    pub fn ints(&self, attr: &str) -> Result<&'a [i64]> {
        let get = |value: &'a AttrValue| match value {
            AttrValue::List(list) => Some(list.i.as_slice()),
            _ => None,
        };
        Ok(self.read(attr, "a list of integers", get)?.unwrap_or_default())
    }

    /// A UTF-8 string, `None` if it is not there.
    ///
    /// # Errors
    /// [`AttrError`].
    pub fn string(&self, attr: &str) -> Result<Option<&'a str>> {
        self.read(attr, "a string", |value| match value {
            AttrValue::S(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        })
    }

    /// An element type, `None` if it is not there.
    ///
    /// # Errors
    /// [`AttrError`], also for a type that no tensor holds.
    pub fn dtype(&self, attr: &str) -> Result<Option<DType>> {
        let get = |value: &AttrValue| if let AttrValue::Type(code) = value { Some(*code) } else { None };
        match self.read(attr, "a type", get)? {
            None => Ok(None),
            Some(code) => match dtype_from_code(code) {
                Some(dtype) => Ok(Some(dtype)),
                None => Err(self.error(attr, "a number, boolean or string type", type_name(code))),
            },
        }
    }

    /// A shape, `None` if it is not there.
    ///
    /// # Errors
    /// [`AttrError`].
    pub fn shape(&self, attr: &str) -> Result<Option<&'a ShapeAttr>> {
        self.read(attr, "a shape", |value| match value {
            AttrValue::Shape(shape) => Some(shape),
            _ => None,
        })
    }

    /// A constant that must be there.
    ///
    /// # Errors
    /// [`AttrError`].
    pub fn tensor(&self, attr: &str) -> Result<&'a TensorLiteral> {
        let value = self.read(attr, "a tensor", |value| match value {
            AttrValue::Tensor(literal) => Some(literal.as_ref()),
            _ => None,
        })?;
        self.required(attr, "a tensor", value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_typed_and_errors_name_the_place() {
        let mut node = Node { name: "n".into(), op: "Op".into(), ..Node::default() };
        node.attrs.insert("axis".into(), AttrValue::I(3));
        node.attrs.insert("strides".into(), AttrValue::ints([1, 2]));
        node.attrs.insert("T".into(), AttrValue::Type(14));
        let attrs = node.attributes();
        assert_eq!(attrs.int_or("axis", 0), Ok(3));
        assert_eq!(attrs.int_or("absent", 7), Ok(7));
        assert_eq!(attrs.ints("strides"), Ok(&[1, 2][..]));
        let error = attrs.float_or("axis", 0.0).unwrap_err();
        assert_eq!(error.to_string(), "Op 'n': attribute 'axis' must be a float, but is an integer");
        assert_eq!(attrs.tensor("value").unwrap_err().found, "missing");
        assert_eq!(attrs.dtype("T").unwrap_err().found, "DT_BFLOAT16");
    }
}
