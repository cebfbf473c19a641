//! Numeric kernels in f32 and int8: free functions on slices, with no knowledge of graphs.
//!
//! Activations are NHWC or NDHWC, convolution filters HWIO or DHWIO, filters of a transposed
//! convolution HWOI, depthwise filters HWCM, matrices row-major.
//! Every function checks the lengths of its slices and returns a [`KernelError`].
//!
//! # The same bits everywhere
//! An output element has one writer and one order of operations: a chain of fused multiply-adds
//! over the taps in ascending order, from 0.0, then the bias, then the activation. Blocking, batch
//! size, thread count and instruction set cannot change a bit of it (the payload of a NaN apart).
//! Integer kernels are exact. The `reference` module beside each kernel states the same result
//! as plain loops.

mod allocator;
mod bytes;
pub mod conv2d;
pub mod conv2d_transpose;
pub mod conv3d;
pub mod depthwise;
pub mod elementwise;
mod epilogue;
mod error;
pub mod gemm;
mod isa;
mod lengths;
mod parallel;
pub mod pool;
pub mod quantization_loss;
#[cfg(test)]
mod samples;
mod simd;
mod span;
mod sum_epilogue;
mod vectors;

pub use allocator::CacheAligned;
pub use epilogue::{Activation, Epilogue, Norm};
pub use error::KernelError;
pub use isa::{Isa, IsaError};
pub use parallel::{sequentially, threads};
pub use sum_epilogue::{I8Output, SumEpilogue, SumType};
