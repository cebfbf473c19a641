//! Operators against values that TensorFlow computed, integers against the float simulation, and what plans do with a
//! graph: one program, so that it is linked once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod device;
mod line_bands;
mod observers;
mod ops_array;
mod ops_conv;
mod ops_fake_quant;
mod ops_math;
mod quantized_layers;
mod quantized_movement;
mod support;
