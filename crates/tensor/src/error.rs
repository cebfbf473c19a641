//! What is wrong with a tensor, or with a request made of it.

use std::fmt;

use crate::DType;

/// What can be wrong with a tensor or a request made of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TensorError {
    /// The tensor holds another element type than asked for.
    DType {
        /// The type asked for.
        expected: DType,
        /// The type the tensor has.
        found: DType,
    },
    /// The number of values is not the product of the dimensions.
    Length {
        /// The shape given.
        shape: Vec<usize>,
        /// The number of values given.
        found: usize,
    },
    /// The product of the dimensions is too large to be held.
    TooLarge {
        /// The shape asked for.
        shape: Vec<usize>,
    },
    /// A value that must be an integer list is of a type that holds none.
    NotIntegers {
        /// The type found.
        found: DType,
    },
}

impl fmt::Display for TensorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TensorError::DType { expected, found } => {
                write!(f, "the tensor holds {found}, where {expected} is needed")
            }
            TensorError::Length { shape, found } => {
                write!(f, "{found} values do not fill a tensor of shape {shape:?}")
            }
            TensorError::TooLarge { shape } => {
                write!(f, "a tensor of shape {shape:?} is larger than the limit of 2 GiB")
            }
            TensorError::NotIntegers { found } => {
                write!(f, "the tensor holds {found}, where integers are needed")
            }
        }
    }
}

impl std::error::Error for TensorError {}
