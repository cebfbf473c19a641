//! Tensors, their types and shapes, and the one definition of each rounding and scale rule.
//!
//! Level 0 of the workspace: it depends on no other crate of it. A [`Tensor`] owns (or shares) a
//! contiguous row-major buffer of one [`DType`]; [`quantization`] holds the arithmetic that turns
//! real numbers into int8 and back, [`rounding`] the two roundings that AMCT uses, and [`window`]
//! the padding rules of convolution and pooling.

mod dtype;
mod element;
mod error;
mod format;
pub mod quantization;
pub mod rounding;
mod shape;
mod tensor;
pub mod window;

pub use dtype::DType;
pub use element::Element;
pub use error::TensorError;
pub use format::DataFormat;
pub use shape::{MAX_TENSOR_BYTES, checked_len};
pub use tensor::Tensor;
