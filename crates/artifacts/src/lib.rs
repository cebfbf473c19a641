//! AMCT's own files, read and written.
//!
//! | module | file | direction |
//! | --- | --- | --- |
//! | [`config`] | `config.json`, what to quantize and how | read, write |
//! | [`definition`] | the simplified configuration, `.cfg` | read |
//! | [`record`] | `record.txt`, the scales and offsets that calibration found | read, write |
//! | [`quant_info`] | `<prefix>_quant.json`, quantized node to original nodes | read, write |
//! | [`compiled_model`] | ATC's JSON dump of a compiled model | read |
//! | [`auto_calibration`] | ranking and history of automatic calibration | write |
//! | [`logging`] | `amct_log/amct_tensorflow.log` and the console's lines | write |
//! | [`names`] | how `save_path` becomes file names | - |
//! | [`atomic`] | every output: temporary file, then rename | write |
//!
//! Readers trust nothing: a file is at most [`file::MAX_TEXT_BYTES`] long, an unknown, repeated or
//! ill-typed key is an error with its place, and no error is a panic. Writers are deterministic, and
//! reading what was written gives back an equal value.

pub mod atomic;
pub mod auto_calibration;
pub mod compiled_model;
pub mod config;
pub mod definition;
pub mod file;
mod ge_json;
mod json;
pub mod logging;
pub mod names;
pub mod quant_info;
pub mod record;
mod text_format;
