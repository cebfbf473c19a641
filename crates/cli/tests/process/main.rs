//! The executable as a shell sees it: exit codes, stderr, and what lies in the output directory.
//!
//! Tests may run as root, whom permissions do not stop; what must not be writable is made so by a
//! file where a directory is needed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod auto;
mod bad_data;
mod bad_model;
mod bad_values;
mod balance;
mod builder;
mod calibration;
mod compare;
mod compiled_model;
mod config;
mod convert;
mod convert_model;
mod dump;
mod good;
mod instruction_set;
mod job;
mod quantized;
mod report;
mod semantics;
mod sensitivity;
mod unread;
mod written;
