use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{Local, NaiveDateTime};

use super::{Level, file, format};

/// What time it is, in the local time zone.
pub type Clock = Box<dyn Fn() -> NaiveDateTime + Send + Sync>;

/// A [`log::Log`] that writes AMCT's lines to a console and to a file, each from its own level on.
pub struct AmctLogger {
    console_level: Level,
    file_level: Level,
    clock: Clock,
    /// One lock, so that the two keep the same order of lines.
    sinks: Mutex<Sinks>,
}

struct Sinks {
    console: Box<dyn Write + Send>,
    file: Option<File>,
}

impl AmctLogger {
    /// A logger to `console` alone.
    pub fn new(console_level: Level, console: Box<dyn Write + Send>) -> Self {
        Self {
            console_level,
            file_level: console_level,
            clock: Box::new(|| Local::now().naive_local()),
            sinks: Mutex::new(Sinks { console, file: None }),
        }
    }

    /// Logs to a file at `path` as well, created with its directory, and emptied if it exists.
    ///
    /// # Errors
    /// [`LogError::File`]: it cannot be created.
    pub fn with_file(mut self, file_level: Level, path: impl AsRef<Path>) -> Result<Self, LogError> {
        let path = path.as_ref();
        let file = file::create(path).map_err(|source| LogError::File { path: path.into(), source })?;
        self.file_level = file_level;
        self.sinks.get_mut().unwrap_or_else(PoisonError::into_inner).file = Some(file);
        Ok(self)
    }

    /// Takes the time of the file's lines from `clock`.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn level(&self) -> Level {
        self.console_level.min(self.file_level)
    }

    /// Makes this the logger of the process.
    ///
    /// # Errors
    /// [`LogError::AlreadySet`]: the process has one.
    pub fn install(self) -> Result<(), LogError> {
        let filter = self.level().filter();
        log::set_boxed_logger(Box::new(self)).map_err(|_| LogError::AlreadySet)?;
        log::set_max_level(filter);
        Ok(())
    }
}

/// Makes a logger to stderr and to a file at `path` (AMCT: [`LOG_FILE`](super::LOG_FILE)) that of the
/// process.
///
/// # Errors
/// The file cannot be created, or the process has a logger.
pub fn install(console: Level, file: Level, path: impl AsRef<Path>) -> Result<(), LogError> {
    AmctLogger::new(console, Box::new(std::io::stderr())).with_file(file, path)?.install()
}

impl log::Log for AmctLogger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        Level::from(metadata.level()) >= self.level()
    }

    fn log(&self, record: &log::Record<'_>) {
        let level = Level::from(record.level());
        if !self.enabled(record.metadata()) || (level < Level::Warning && !format::is_ours(record)) {
            return;
        }
        let lines = format::lines(level, format::module(record.target()), &record.args().to_string());
        let time = format::timestamp((self.clock)());
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        for line in lines {
            // A log that cannot be written must not stop the work, and has nowhere to say so.
            if level >= self.console_level {
                let _ = writeln!(sinks.console, "{line}");
            }
            if level >= self.file_level
                && let Some(file) = &mut sinks.file
            {
                let _ = file.write_all(format!("{time} - {line}\n").as_bytes());
            }
        }
    }

    fn flush(&self) {
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        // As in `log`.
        let _ = sinks.console.flush();
    }
}

impl fmt::Debug for AmctLogger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmctLogger")
            .field("console_level", &self.console_level)
            .field("file_level", &self.file_level)
            .finish_non_exhaustive()
    }
}

/// Why there is no log.
#[derive(Debug)]
pub enum LogError {
    /// The file cannot be created.
    File {
        /// Its path.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The process has a logger already.
    AlreadySet,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::File { path, source } => {
                write!(f, "cannot create the log file {}: {source}", path.display())
            }
            LogError::AlreadySet => f.write_str("the process has a logger already"),
        }
    }
}

impl std::error::Error for LogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LogError::File { source, .. } => Some(source),
            LogError::AlreadySet => None,
        }
    }
}
