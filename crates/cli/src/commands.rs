//! One file per command: arguments in, library calls, results out.

pub(crate) mod auto;
pub(crate) mod calibration;
pub(crate) mod compare;
mod compiled;
pub(crate) mod config;
pub(crate) mod convert;
pub(crate) mod convert_model;
pub(crate) mod inspect;
mod profile;
mod quant_info;
pub(crate) mod quantize;
mod report;
pub(crate) mod run;
pub(crate) mod sensitivity;
pub(crate) mod verify;
