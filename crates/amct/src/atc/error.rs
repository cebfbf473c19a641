//! What is wrong with a dump of a compiled model, or with its match to a graph.

use std::fmt;

use amct_rewrite::RewriteError;
use amct_tensor::{ErrorKind, Fault, Place};

use crate::error::some_of;

/// Why a compiled model tells nothing, or not of this model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CompiledError {
    /// It has no quantized layer.
    NotQuantized,
    /// The file does not say in which type a layer is computed.
    NoType(String),
    /// It has quantized layers that the model does not have.
    NotInModel(Vec<String>),
    /// The model has quantized layers that it does not have.
    NotCompiled(Vec<String>),
    /// Two layers read one quantized activation in the compiled model, but their factors or what they
    /// quantize differ in the model.
    NotShared {
        /// The `AscendQuant` of the compiled model.
        quant: String,
        /// The first layer, with its `AscendQuant` in the model.
        first: String,
        /// The other one.
        other: String,
    },
    /// A layer cannot be given back to float.
    RollBack(RewriteError),
}

impl fmt::Display for CompiledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompiledError::NotQuantized => f.write_str(
                "the compiled model has no AscendDequant, so it was not made of a quantized model; compile \
                 the quantized .pb and dump that with `atc --mode=1`",
            ),
            CompiledError::NoType(op) => {
                write!(f, "op {op}: the file does not say which type of data it reads (input_desc, dtype)")
            }
            CompiledError::NotInModel(names) => write!(
                f,
                "the compiled model is one of another model: {} of its quantized layer(s) are not in this one, \
                 {}; give the quantized .pb that ATC compiled",
                names.len(),
                some_of(names)
            ),
            CompiledError::NotCompiled(names) => write!(
                f,
                "the compiled model is one of another model: it does not have {} quantized layer(s) of this one, \
                 {}",
                names.len(),
                some_of(names)
            ),
            CompiledError::NotShared { quant, first, other } => write!(
                f,
                "the compiled model is one of another model: {first} and {other} read one {quant} there, but \
                 quantize differently in this one; give the quantized .pb that ATC compiled"
            ),
            CompiledError::RollBack(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CompiledError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CompiledError::RollBack(error) => error.source(),
            _ => None,
        }
    }
}

impl Fault for CompiledError {
    fn kind(&self) -> ErrorKind {
        match self {
            CompiledError::NoType(_) => ErrorKind::Format,
            CompiledError::RollBack(error) => error.kind(),
            _ => ErrorKind::Graph,
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            CompiledError::NoType(node) | CompiledError::NotShared { first: node, .. } => Place::node(node),
            CompiledError::NotInModel(names) | CompiledError::NotCompiled(names) => {
                names.first().map_or(Place::default(), |name| Place::node(name))
            }
            CompiledError::RollBack(error) => error.place(),
            CompiledError::NotQuantized => Place::default(),
        }
    }
}
