//! Reading the fields of a message whose schema is known.

use std::fmt;

use amct_tensor::{ErrorKind, Fault, Place};

use super::{Field, Position, Scalar, Value, WrongScalar};

/// A field that is not as the schema says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaError {
    /// A field that the schema does not have.
    UnknownField {
        /// Its name.
        field: String,
        /// Where it is.
        at: Position,
        /// The fields accepted there.
        accepted: &'static [&'static str],
    },
    /// A field that should hold other fields holds a value.
    NotAMessage {
        /// Its name.
        field: String,
        /// Where it is.
        at: Position,
    },
    /// A field that should hold a value holds other fields.
    NotAScalar {
        /// Its name.
        field: String,
        /// Where it is.
        at: Position,
    },
    /// A value of another type than its field has.
    WrongType {
        /// The field.
        field: String,
        /// Where the value is.
        at: Position,
        /// The type needed.
        expected: &'static str,
        /// The value as written.
        found: String,
    },
}

impl SchemaError {
    /// Where it is.
    pub fn at(&self) -> Position {
        match self {
            Self::UnknownField { at, .. }
            | Self::NotAMessage { at, .. }
            | Self::NotAScalar { at, .. }
            | Self::WrongType { at, .. } => *at,
        }
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { field, accepted, .. } => {
                write!(f, "unknown field \"{field}\" (accepted: {})", accepted.join(", "))
            }
            Self::NotAMessage { field, .. } => {
                write!(f, "\"{field}\" holds a value, where {{ fields }} are expected")
            }
            Self::NotAScalar { field, .. } => {
                write!(f, "\"{field}\" holds {{ fields }}, where a value is expected")
            }
            Self::WrongType { field, expected, found, .. } => {
                write!(f, "{field} is {found}, where {expected} is expected")
            }
        }
    }
}

impl std::error::Error for SchemaError {}

impl Fault for SchemaError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Format
    }

    fn place(&self) -> Place<'_> {
        match self {
            Self::UnknownField { field, .. }
            | Self::NotAMessage { field, .. }
            | Self::NotAScalar { field, .. }
            | Self::WrongType { field, .. } => Place::default().line(self.at().line).attribute(field),
        }
    }
}

impl<'a> Field<'a> {
    /// The fields of a field that holds a message.
    pub(crate) fn message(&self) -> Result<&[Field<'a>], SchemaError> {
        match &self.value {
            Value::Message(fields) => Ok(fields),
            Value::Scalar(_) => Err(SchemaError::NotAMessage { field: self.name.into(), at: self.at }),
        }
    }

    /// The value of a field that holds one, as `read` takes it.
    pub(crate) fn typed<'b, T>(
        &'b self,
        read: impl Fn(&'b Scalar<'a>) -> Result<T, WrongScalar>,
    ) -> Result<T, SchemaError> {
        match &self.value {
            Value::Scalar(scalar) => read(scalar).map_err(|wrong| SchemaError::WrongType {
                field: self.name.into(),
                at: wrong.at,
                expected: wrong.expected,
                found: wrong.found,
            }),
            Value::Message(_) => Err(SchemaError::NotAScalar { field: self.name.into(), at: self.at }),
        }
    }

    /// The error for a field that is none of `accepted`.
    pub(crate) fn unknown(&self, accepted: &'static [&'static str]) -> SchemaError {
        SchemaError::UnknownField { field: self.name.into(), at: self.at, accepted }
    }
}
