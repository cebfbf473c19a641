//! The tensor that an epilogue adds to a layer's output.

use amct_tensor::{DType, Tensor, checked_len};

use crate::OpError;
use crate::memory::Memory;
use crate::ops::support::broadcast::broadcast;

/// A buffer for an output of `shape`. It holds what is to be added if that has the shape; else the
/// tensor to add comes back.
pub(super) fn buffer(
    shape: &[usize],
    addend: Option<Tensor>,
    memory: &Memory,
) -> Result<(Vec<f32>, Option<Tensor>), OpError> {
    let len = checked_len(shape, DType::F32)?;
    match addend {
        Some(addend) if addend.shape() == shape && addend.is_shared() => {
            // Somebody else needs it still.
            let mut output = memory.take(len);
            output.copy_from_slice(addend.as_slice()?);
            Ok((output, None))
        }
        Some(addend) if addend.shape() == shape => Ok((addend.into_vec()?, None)),
        other => Ok((memory.take(len), other)),
    }
}

/// The layer's output plus a tensor that did not have its shape.
pub(super) fn sum(output: Tensor, addend: Option<Tensor>) -> Result<Tensor, OpError> {
    match addend {
        Some(addend) => broadcast::<f32>(output, addend, |a, b| a + b),
        None => Ok(output),
    }
}
