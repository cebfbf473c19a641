//! Log levels with Python's names, and one that can be changed while threads log.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

use amct_tensor::{ErrorKind, Fault};

/// The least severe messages that are shown, with Python's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// All messages, per-layer factors among them.
    Debug,
    /// The steps done.
    #[default]
    Info,
    /// What may surprise.
    Warning,
    /// Failures only.
    Error,
}

impl Level {
    /// The least severe `log` level that is shown.
    pub fn filter(self) -> log::LevelFilter {
        match self {
            // Python has nothing below DEBUG.
            Level::Debug => log::LevelFilter::Trace,
            Level::Info => log::LevelFilter::Info,
            Level::Warning => log::LevelFilter::Warn,
            Level::Error => log::LevelFilter::Error,
        }
    }
}

impl From<log::Level> for Level {
    fn from(level: log::Level) -> Self {
        match level {
            log::Level::Error => Level::Error,
            log::Level::Warn => Level::Warning,
            log::Level::Info => Level::Info,
            log::Level::Debug | log::Level::Trace => Level::Debug,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
        })
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    /// The level called `name`, in any case.
    fn from_str(name: &str) -> Result<Self, UnknownLevel> {
        match name.to_ascii_uppercase().as_str() {
            "DEBUG" => Ok(Level::Debug),
            "INFO" => Ok(Level::Info),
            "WARNING" => Ok(Level::Warning),
            "ERROR" => Ok(Level::Error),
            _ => Err(UnknownLevel { found: name.into() }),
        }
    }
}

/// A level that can be changed while others log.
#[derive(Debug)]
pub(super) struct AtomicLevel(AtomicU8);

impl AtomicLevel {
    pub(super) fn get(&self) -> Level {
        match self.0.load(Ordering::Relaxed) {
            0 => Level::Debug,
            1 => Level::Info,
            2 => Level::Warning,
            _ => Level::Error,
        }
    }

    pub(super) fn set(&self, level: Level) {
        self.0.store(level as u8, Ordering::Relaxed);
    }
}

impl From<Level> for AtomicLevel {
    fn from(level: Level) -> Self {
        Self(AtomicU8::new(level as u8))
    }
}

/// A word that names no level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLevel {
    /// The word.
    pub found: String,
}

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is invalid, only support ['DEBUG', 'INFO', 'WARNING', 'ERROR']", self.found)
    }
}

impl std::error::Error for UnknownLevel {}

impl Fault for UnknownLevel {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Configuration
    }
}
