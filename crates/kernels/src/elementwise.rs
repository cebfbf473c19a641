//! Kernels on each element or each row: bias, activations, softmax, quantize and dequantize.

mod bias;
mod exp;
mod functions;
mod quantize;
pub mod reference;
mod softmax;
#[cfg(test)]
mod tests;

pub use bias::{activate, bias_add};
pub use exp::exp;
pub use functions::{erf, exp_m1, sigmoid, softplus, tanh};
pub use quantize::{dequantize_i32, quantize_i8};
pub use softmax::softmax;

/// Elements of one task: 64 KiB of f32.
const CHUNK: usize = 1 << 14;
