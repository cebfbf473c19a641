//! `<prefix>_quant.json`: which original nodes each node of the quantized graph stands for.
//!
//! ATC does not read the file; Ascend's accuracy comparison does (`msaccucmp -q`), to lay the output of
//! a quantized model beside that of the original. It needs **every** node of the quantized graph here,
//! in graph order. Structure and field order are those of AMCT's shared code (`docs/sources/amct.md`
//! section 6), laid out like protobuf's `MessageToJson`: two blanks of indent, and no newline at the
//! end, since `MessageToJson` makes none.

mod error;
mod reader;
mod writer;

use std::path::Path;

pub use error::QuantInfoError;

use crate::atomic::{self, WriteError};
use crate::file::{self, ReadError};

/// What the file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuantInfo {
    /// The model's name: AMCT takes the prefix of the outputs.
    pub name: String,
    /// The nodes of the quantized graph, in its order.
    pub ops: Vec<OpInfo>,
}

/// One node of the quantized graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpInfo {
    /// The node's name.
    pub name: String,
    /// Its operation type.
    pub op_type: String,
    /// The nodes of the original graph that it stands for: one for a renamed node, several for a fused
    /// group, none for an inserted node. `None` writes no attribute: the node is its own origin.
    pub original_op_names: Option<Vec<String>>,
    /// The tensor of the original graph that its first output stands for.
    pub output: Option<OutputOrigin>,
}

impl OpInfo {
    /// The node and output of the original graph whose value its first output is; `None` if there is none, or if it
    /// stands for several nodes together.
    pub fn origin(&self) -> Option<(&str, usize)> {
        match (&self.output, self.original_op_names.as_deref()) {
            // No tensor has as many outputs as do not fit.
            (Some(output), _) => Some((&output.name, usize::try_from(output.index).unwrap_or(usize::MAX))),
            (None, Some([one])) => Some((one, 0)),
            (None, None) => Some((&self.name, 0)),
            (None, Some(_)) => None,
        }
    }
}

/// An output of a node of the original graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputOrigin {
    /// The node.
    pub name: String,
    /// Which of its outputs, from 0.
    pub index: u32,
    /// The data format, `NHWC`.
    pub format: Option<String>,
    /// The element type, `DT_FLOAT`.
    pub data_type: Option<String>,
}

impl QuantInfo {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`ReadError`] names the file; see [`from_json`](Self::from_json) for its contents.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ReadError<QuantInfoError>> {
        file::read_with(path.as_ref(), "quantization info file", Self::from_json)
    }

    /// Writes [`to_json`](Self::to_json) to `path`, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), WriteError> {
        atomic::write(path, self.to_json().as_bytes())
    }
}

#[cfg(test)]
mod tests;
