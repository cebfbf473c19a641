//! The evaluators built in.

mod accuracy;
mod command;
pub(crate) mod fidelity;
mod last_number;
pub(crate) mod rows;
mod tail;

pub use accuracy::Accuracy;
pub use command::Command;
pub use fidelity::{Agreement, Sqnr};
