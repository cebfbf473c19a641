//! The evaluators built in.

mod accuracy;
mod command;
mod fidelity;
mod last_number;
mod rows;
mod tail;

pub use accuracy::Accuracy;
pub use command::Command;
pub use fidelity::{Agreement, Sqnr};
