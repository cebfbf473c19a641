//! Layers: sums of products of an activation with weights, in float and in int8, and the steps that follow
//! each sum.
//!
//! A kind of layer is a [`LayerKernel`](kernel::LayerKernel): how its weights are packed, and which kernel
//! multiplies them. All else (constant weights or such that come with the run, buffers, layouts, the epilogue,
//! single lines) is [`Layer`](generic::Layer), written once.

mod addend;
pub(crate) mod batch_matmul;
pub(crate) mod conv2d;
pub(crate) mod conv2d_backprop_input;
pub(crate) mod conv3d;
pub(crate) mod depthwise;
mod float_epilogue;
mod generic;
mod integer_epilogue;
mod kernel;
mod lines;
pub(crate) mod matmul;
mod packed;
mod padding;
mod sums;
mod volume;
