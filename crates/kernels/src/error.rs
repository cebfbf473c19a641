//! Why a kernel refuses its arguments.

use std::fmt;

use amct_tensor::{ErrorKind, Fault};

/// Why a kernel refused its arguments. Nothing has been written then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KernelError {
    /// A slice does not have the length its shape asks for.
    Length {
        /// Which argument.
        argument: &'static str,
        /// Elements found.
        found: usize,
        /// Elements needed.
        expected: usize,
    },
    /// A slice is not made of whole rows.
    PartialRow {
        /// Which argument.
        argument: &'static str,
        /// Elements found.
        found: usize,
        /// Elements of one row.
        row: usize,
    },
    /// The number of elements of an argument overflows.
    Overflow {
        /// Which argument.
        argument: &'static str,
    },
    /// A packed matrix is not the one the shape asks for.
    Packed {
        /// Rows and columns found.
        found: (usize, usize),
        /// Rows and columns needed.
        expected: (usize, usize),
    },
    /// An int8 sum over this many products could leave i32.
    Depth {
        /// Products per output.
        found: usize,
        /// The most that is exact.
        limit: usize,
    },
    /// A zero offset outside int8.
    ZeroOffset {
        /// The offset found.
        found: i32,
    },
    /// A pooling window that lies wholly in the padding has no value.
    EmptyWindow {
        /// `"height"` or `"width"`.
        dimension: &'static str,
        /// The output index along that dimension.
        output: usize,
    },
    /// Channels that cannot be shared out evenly among groups.
    Groups {
        /// Channels of the input and of the output.
        channels: (usize, usize),
        /// Groups asked for.
        groups: usize,
    },
    /// An output of another element type than the epilogue leads to.
    Output,
    /// A filter packed for another window, or a window of stride or dilation zero.
    Window,
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KernelError::Length { argument, found, expected } => {
                write!(f, "{argument} has {found} elements, its shape needs {expected}")
            }
            KernelError::PartialRow { argument, found, row } => {
                write!(f, "{argument} has {found} elements, not a multiple of its row of {row}")
            }
            KernelError::Overflow { argument } => {
                write!(f, "the number of elements of {argument} overflows")
            }
            KernelError::Packed { found, expected } => write!(
                f,
                "the packed matrix is {} x {}, the shape needs {} x {}",
                found.0, found.1, expected.0, expected.1
            ),
            KernelError::Depth { found, limit } => {
                write!(f, "{found} int8 products per output; at most {limit} fit an i32 for certain")
            }
            KernelError::ZeroOffset { found } => {
                write!(f, "zero offset {found} is outside int8, -128 to 127")
            }
            KernelError::EmptyWindow { dimension, output } => {
                write!(f, "the pooling window of output {output} along {dimension} holds only padding")
            }
            KernelError::Groups { channels, groups } => {
                let (input, output) = channels;
                write!(f, "{input} input and {output} output channels do not divide into {groups} groups")
            }
            KernelError::Output => f.write_str("the output is not of the type that its epilogue makes"),
            KernelError::Window => f.write_str("the filter does not belong to the window"),
        }
    }
}

impl std::error::Error for KernelError {}

impl Fault for KernelError {
    fn kind(&self) -> ErrorKind {
        match self {
            // A layer that is too deep, or asks for what a kernel has no number for.
            KernelError::Overflow { .. }
            | KernelError::Depth { .. }
            | KernelError::ZeroOffset { .. }
            | KernelError::EmptyWindow { .. }
            | KernelError::Groups { .. } => ErrorKind::Unsupported,
            // Arguments that a caller has to get right, whatever the model is.
            KernelError::Length { .. }
            | KernelError::PartialRow { .. }
            | KernelError::Packed { .. }
            | KernelError::Output
            | KernelError::Window => ErrorKind::Internal,
        }
    }
}
