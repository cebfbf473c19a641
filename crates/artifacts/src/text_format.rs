//! Protobuf's text format, without a schema: a text becomes a tree of named fields with their places.
//!
//! Source: the published text format language specification of Protocol Buffers. Accepted: `#`
//! comments, `name: value`, `name { }`, `name: { }` and `< >`, lists in brackets, `,` and `;` after a
//! field, adjacent strings, both quotes, all escapes, decimal, octal and hexadecimal integers, floats
//! with an `f`. Not accepted: extensions and `Any` in brackets, which no AMCT schema has.

mod error;
mod lexer;
mod parser;
mod quoted;
mod scalar;
mod schema;

pub use error::{Position, SyntaxError};
pub(crate) use parser::parse;
pub(crate) use quoted::write_quoted;
pub(crate) use scalar::{Scalar, WrongScalar};
pub use schema::SchemaError;

/// One occurrence of a field.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    /// Where the name is.
    pub(crate) at: Position,
    pub(crate) value: Value<'a>,
}

/// What stands after a field's name. A list becomes one field per element.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    Scalar(Scalar<'a>),
    Message(Vec<Field<'a>>),
}

#[cfg(test)]
mod tests;
