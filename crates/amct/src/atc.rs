//! What ATC made of a quantized model: which layers it runs in int8, which it gave back to float, and
//! which of them read one quantized activation.
//!
//! ATC says nothing of this while it compiles; its dump of the compiled model (`atc --mode=1`) has it.
//! [`Compiled::of`] needs that file alone. [`Compiled::apply`] makes the graph run that way. Without the
//! file, [`roll_back_expected`] does what ATC's public rule says.

mod apply;
mod error;
mod expected;
mod layers;

use amct_artifacts::compiled_model::CompiledModel;

pub use error::CompiledError;
pub use expected::{deciding_shapes, roll_back_expected};

/// What a compiled model does with the quantized layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compiled {
    /// The chip that it was compiled for, if the file says.
    pub soc_version: Option<String>,
    /// The compiler's version, if the file says.
    pub atc_version: Option<String>,
    /// The layers that were quantized in the original model, in the order of the file.
    pub layers: Vec<CompiledLayer>,
    /// Quantized activations with more than one reader, in the order of the file.
    pub shared: Vec<SharedQuant>,
}

/// A layer that was quantized.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompiledLayer {
    /// Its name in the original model, as far as the file tells: of a group convolution that of one part.
    pub name: String,
    /// The type of the operator that computes it: `Conv2D`, `FullyConnection`, ...
    pub op_type: String,
    /// Its `AscendDequant` in the original model.
    pub dequant: String,
    /// The element type in which it is computed: `DT_INT8`, `DT_FLOAT16`.
    pub data_type: String,
    /// The `AscendQuant` whose values it reads, if it runs in int8.
    pub quant: Option<String>,
}

impl CompiledLayer {
    /// Whether it runs in integers; otherwise ATC has given it back to float.
    pub fn is_integer(&self) -> bool {
        matches!(self.data_type.as_str(), "DT_INT8" | "DT_INT4")
    }
}

/// One quantized activation for several readers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedQuant {
    /// The `AscendQuant`.
    pub quant: String,
    /// The layers and `AscendAntiQuant`s that read it.
    pub readers: Vec<String>,
}

impl Compiled {
    /// Reads it off a compiled model.
    ///
    /// # Errors
    /// [`CompiledError::NotQuantized`] if the model has no quantized layer, [`CompiledError::NoType`] if
    /// the file does not say in which type one is computed.
    pub fn of(model: &CompiledModel) -> Result<Self, CompiledError> {
        let (layers, shared) = layers::find(model)?;
        let (soc_version, atc_version) = (model.soc_version.clone(), model.atc_version.clone());
        Ok(Self { soc_version, atc_version, layers, shared })
    }

    /// The layers that run in float though they were quantized.
    pub fn rolled_back(&self) -> impl Iterator<Item = &CompiledLayer> {
        self.layers.iter().filter(|layer| !layer.is_integer())
    }
}

#[cfg(test)]
mod tests;
