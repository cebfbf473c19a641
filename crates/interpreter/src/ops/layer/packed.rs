//! The weights of a layer made ready for its kernel, and what follows the sums that they make.

use amct_tensor::{DType, Tensor};

use super::float_epilogue::FloatEpilogue;
use super::integer_epilogue::IntegerEpilogue;
use super::kernel::LayerKernel;
use crate::OpError;
use crate::fusible::EpilogueStep;

/// Packed weights with their extents and epilogue.
pub(super) enum Packed<K: LayerKernel> {
    F32 { dims: K::Dims, weights: K::F32, epilogue: FloatEpilogue },
    I8 { dims: K::Dims, weights: K::I8, epilogue: IntegerEpilogue },
}

impl<K: LayerKernel> Packed<K> {
    pub(super) fn new(kind: &K, weights: Tensor) -> Result<Self, OpError> {
        let dims = kind.dims(weights.shape())?;
        match weights.dtype() {
            DType::F32 => {
                let weights = kind.pack_f32(&dims, weights)?;
                Ok(Packed::F32 { dims, weights, epilogue: FloatEpilogue::default() })
            }
            DType::I8 => {
                let weights = kind.pack_i8(&dims, weights)?;
                let epilogue = IntegerEpilogue::new(K::sums(&dims, &weights));
                Ok(Packed::I8 { dims, weights, epilogue })
            }
            other => Err(OpError::Unsupported(format!("{} of {other} are not supported", K::WEIGHTS))),
        }
    }

    pub(super) fn dims(&self) -> &K::Dims {
        match self {
            Packed::F32 { dims, .. } | Packed::I8 { dims, .. } => dims,
        }
    }

    pub(super) fn absorb(&mut self, step: &EpilogueStep) -> bool {
        match self {
            Packed::F32 { epilogue, .. } => epilogue.absorb(step),
            Packed::I8 { epilogue, .. } => epilogue.absorb(step),
        }
    }

    /// Whether a tensor is added, which is the last input.
    pub(super) fn accumulates(&self) -> bool {
        match self {
            Packed::F32 { epilogue, .. } => epilogue.accumulates(),
            Packed::I8 { epilogue, .. } => epilogue.accumulates(),
        }
    }
}
