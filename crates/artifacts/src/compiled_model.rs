//! ATC's JSON dump of a compiled model (`atc --mode=1 --om=x.om --json=x.json`): the operators that a
//! device really runs, after all fusion.
//!
//! The file is written by ATC alone. Of its many keys only those are read that tell what became of a
//! quantized graph; the rest may be anything.

mod error;
mod reader;

use std::path::Path;

pub use error::CompiledModelError;

use crate::file::{self, ReadError};

/// What the file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompiledModel {
    /// The model's name.
    pub name: String,
    /// The chip that it was compiled for, `Ascend910A`, if the file says.
    pub soc_version: Option<String>,
    /// The compiler's version, if the file says.
    pub atc_version: Option<String>,
    /// The operators of all graphs, in the order of the file.
    pub ops: Vec<CompiledOp>,
}

/// One operator, perhaps several of the original graph in one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompiledOp {
    /// Its name; of a fused one the names of its parts, one behind the other.
    pub name: String,
    /// Its type: `Conv2D`, `AscendQuant`, ...
    pub op_type: String,
    /// The nodes of the original graph that it stands for, each once. An operator that the file gives
    /// no origin is its own.
    pub origins: Vec<String>,
    /// What it reads; `None` for an optional input that is not there, and for a control edge.
    pub inputs: Vec<Option<CompiledInput>>,
    /// Its outputs.
    pub outputs: Vec<CompiledOutput>,
}

/// An input of an operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompiledInput {
    /// The operator that computes it.
    pub op: String,
    /// Which of its outputs.
    pub index: usize,
    /// Its element type, `DT_INT8`, if the file says.
    pub data_type: Option<String>,
}

/// An output of an operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompiledOutput {
    /// Its element type, if the file says.
    pub data_type: Option<String>,
    /// The node of the original graph whose value it is, if the file says.
    pub origin: Option<String>,
}

impl CompiledModel {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`ReadError`] names the file; see [`from_json`](Self::from_json) for its contents.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ReadError<CompiledModelError>> {
        file::read_with(path.as_ref(), "om json file", Self::from_json)
    }
}

#[cfg(test)]
mod tests;
