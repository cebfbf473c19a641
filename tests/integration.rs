//! The tool as its users see it: the shipped model against TensorFlow, the whole job, bad input.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod float_model;
mod support;
