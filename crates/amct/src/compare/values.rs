//! Values as floats.

use amct_dataset::convert;
use amct_tensor::{DType, Tensor, TensorError};

/// The values as f32, as msaccucmp takes them; none of strings.
pub(super) fn floats(tensor: &Tensor) -> Option<Tensor> {
    if tensor.dtype() == DType::F32 { Some(tensor.clone()) } else { convert(tensor, DType::F32).ok() }
}

/// The values of what [`floats`] gave.
pub(super) fn values(tensor: &Tensor) -> Result<&[f32], TensorError> {
    tensor.as_slice()
}

pub(super) fn mapped(tensor: &Tensor, map: impl Fn(f32) -> f32) -> Result<Tensor, TensorError> {
    Tensor::from_vec::<f32>(tensor.shape(), values(tensor)?.iter().map(|&x| map(x)).collect())
}

/// The values as whoever clips at 6 reads them.
pub(super) fn clipped_at_six(tensor: &Tensor) -> Result<Tensor, TensorError> {
    mapped(tensor, |x| if x > 6.0 { 6.0 } else { x })
}
