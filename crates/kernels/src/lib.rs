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
//!
//! # Words
//! * *Lhs* and *rhs*: the sides of a product. The left one is activations, rows that may lie in *segments*; the right
//!   one weights, a *packed* matrix of *panels*, each one, two or four vectors wide.
//! * *Word*: the 32 bits of int8 values that one lane multiplies at once.
//! * *Tile*: the accumulators of some rows and one panel, which stay in registers; *micro-kernel*: the arithmetic of a
//!   tile for an element type.
//! * *Accumulator*: a sum on its way: f32, or i32 for int8.
//! * *Epilogue*: what follows the sums: [`Epilogue`] for f32 accumulators, [`I32Epilogue`] for those of int8, whose last
//!   step is the *output stage*.
//! * *Kernel*: a loop over vectors of any width, compiled for each instruction set ([`Isa`]).
//!
//! `docs/kernels.md` follows an int8 convolution through these.

mod allocator;
pub mod conv2d;
pub mod conv2d_transpose;
pub mod conv3d;
pub mod depthwise;
pub mod elementwise;
mod epilogue;
mod error;
pub mod gemm;
mod i32_epilogue;
mod isa;
mod lengths;
mod parallel;
pub mod pool;
pub mod quantization_loss;
#[cfg(test)]
mod samples;
mod simd;
mod span;
mod vector_epilogue;

pub use allocator::CacheAligned;
pub use epilogue::{Activation, Epilogue, Norm};
pub use error::KernelError;
pub use i32_epilogue::{I32Epilogue, OutputSlice, OutputType};
pub use isa::{Isa, IsaError};
pub use parallel::{sequentially, threads};
