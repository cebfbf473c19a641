//! AMCT's log: one line per message, on the console and in `amct_log/amct_tensorflow.log`.
//!
//! ```text
//! 2024-10-23 10:47:16,612 - WARNING - [AMCT]:[quantize_model]: text     (file)
//! WARNING - [AMCT]:[quantize_model]: text                               (console)
//! ```
//!
//! The module in brackets is the `target` of the log record. Library code names it after AMCT's pass
//! or API, `log::info!(target: "save_model", "...")`; a target left to the default, a Rust module
//! path, becomes its last segment, and a crate's root `AMCT`. Of other crates only warnings and errors
//! are shown. A text of more than 500 characters is split over several lines.
//!
//! Source: `docs/sources/amct.md` section 5.

mod file;
mod format;
mod level;
mod logger;

pub use level::{Level, UnknownLevel};
pub use logger::{AmctLogger, Clock, LogError, install, set_levels};

/// Where AMCT keeps its log, relative to the working directory.
pub const LOG_FILE: &str = "amct_log/amct_tensorflow.log";

#[cfg(test)]
mod tests;
