//! Tensors, their types and shapes, and the one definition of each rounding and scale rule.
//!
//! Level 0 of the workspace: it depends on no other crate of it. A [`Tensor`] owns (or shares) a
//! contiguous row-major buffer of one [`DType`]; [`quantization`] holds the arithmetic that turns
//! real numbers into int8 and back, [`rounding`] the two roundings that AMCT uses, and [`window`]
//! the padding rules of convolution and pooling. What all errors of the workspace have in common is here
//! too: [`Fault`], [`Chain`] and [`Internal`].

mod chain;
mod dtype;
mod element;
mod error;
mod fault;
mod format;
mod internal;
pub mod quantization;
pub mod rounding;
mod shape;
mod tensor;
pub mod window;

pub use chain::Chain;
pub use dtype::DType;
pub use element::Element;
pub use error::TensorError;
pub use fault::{ErrorKind, Fault, Place};
pub use format::DataFormat;
pub use internal::Internal;
pub use shape::{MAX_TENSOR_BYTES, checked_len};
pub use tensor::Tensor;
