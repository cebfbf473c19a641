//! Tensors: what goes into a model and what comes out.

#[doc(inline)]
pub use amct_tensor::{DType, DataFormat, Element, Tensor, TensorError};
