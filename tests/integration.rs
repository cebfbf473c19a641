//! The tool as its users see it: the shipped model against TensorFlow, the whole job, the quantized
//! model in both arithmetics, and the rules of the workspace. What the executable does with bad
//! input is tested beside it, in `crates/cli/tests`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod algorithms;
mod amct_api;
mod auto;
mod balance;
mod circles;
mod compare;
mod config;
mod counts;
mod custom_ops;
mod devices;
mod documents;
mod errors;
mod examples;
mod execution;
mod float_model;
mod frozen_graphs;
mod graphdef_roundtrip;
mod house;
mod images;
mod integer_model;
mod job;
mod layering;
mod op_names;
mod qat;
mod records;
mod reference_layer;
mod relu6;
mod sample;
mod support;
mod written;
