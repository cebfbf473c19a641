//! A logger that writes AMCT's lines to the console and to a file, and its place as the logger of the process.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use amct_tensor::{ErrorKind, Fault, Place};
use chrono::{Local, NaiveDateTime};

use super::level::AtomicLevel;
use super::{LOG_FILE, Level, file, format};

/// What time it is, in the local time zone.
pub type Clock = Box<dyn Fn() -> NaiveDateTime + Send + Sync>;

/// A [`log::Log`] that writes AMCT's lines to a console and to a file, each from its own level on.
pub struct AmctLogger {
    console_level: AtomicLevel,
    file_level: AtomicLevel,
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
            console_level: console_level.into(),
            file_level: console_level.into(),
            clock: Box::new(|| Local::now().naive_local()),
            sinks: Mutex::new(Sinks { console, file: None }),
        }
    }

    /// Logs to a file at `path` as well, created with its directory, and emptied if it exists.
    ///
    /// # Errors
    /// [`LogError::File`]: it cannot be created.
    pub fn with_file(mut self, file_level: Level, path: impl AsRef<Path>) -> Result<Self, LogError> {
        self.file_level = file_level.into();
        self.sinks.get_mut().unwrap_or_else(PoisonError::into_inner).file = Some(create(path.as_ref())?);
        Ok(self)
    }

    /// Takes the time of the file's lines from `clock`.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn level(&self) -> Level {
        self.console_level.get().min(self.file_level.get())
    }

    fn sinks(&self) -> MutexGuard<'_, Sinks> {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes this the logger of the process.
    ///
    /// # Errors
    /// [`LogError::AlreadySet`]: the process has one.
    pub fn install(self) -> Result<(), LogError> {
        let filter = self.level().filter();
        // A process has one logger and keeps it to its end.
        let logger: &'static Self = Box::leak(Box::new(self));
        log::set_logger(logger).map_err(|_| LogError::AlreadySet)?;
        log::set_max_level(filter);
        INSTALLED.get_or_init(|| logger);
        Ok(())
    }

    /// Changes what is shown and kept from now on. A logger without a file gets AMCT's.
    fn set_levels(&self, console: Level, file: Level) -> Result<(), LogError> {
        {
            let mut sinks = self.sinks();
            if sinks.file.is_none() {
                sinks.file = Some(create(Path::new(LOG_FILE))?);
            }
        }
        self.console_level.set(console);
        self.file_level.set(file);
        log::set_max_level(self.level().filter());
        Ok(())
    }
}

/// The logger of the process, if it is one of this module.
static INSTALLED: OnceLock<&'static AmctLogger> = OnceLock::new();

fn create(path: &Path) -> Result<File, LogError> {
    file::create(path).map_err(|source| LogError::File { path: path.into(), source })
}

/// Sets the least severe messages of the console and of the file, as AMCT's `set_logging_level` does. If
/// the process has no logger it gets one to stderr and to [`LOG_FILE`] in the working directory.
///
/// # Errors
/// The file cannot be created, or the process has a logger that is not of this module.
pub fn set_levels(console: Level, file: Level) -> Result<(), LogError> {
    match INSTALLED.get() {
        Some(logger) => logger.set_levels(console, file),
        None => install(console, file, LOG_FILE),
    }
}

/// Makes a logger to stderr and to a file at `path` (AMCT: [`LOG_FILE`]) that of the process.
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
        let (console_level, file_level) = (self.console_level.get(), self.file_level.get());
        let mut sinks = self.sinks();
        for line in lines {
            // A log that cannot be written must not stop the work, and has nowhere to say so.
            if level >= console_level {
                let _ = writeln!(sinks.console, "{line}");
            }
            if level >= file_level
                && let Some(file) = &mut sinks.file
            {
                let _ = file.write_all(format!("{time} - {line}\n").as_bytes());
            }
        }
    }

    fn flush(&self) {
        // As in `log`.
        let _ = self.sinks().console.flush();
    }
}

impl fmt::Debug for AmctLogger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmctLogger")
            .field("console_level", &self.console_level.get())
            .field("file_level", &self.file_level.get())
            .finish_non_exhaustive()
    }
}

/// Why there is no log.
#[derive(Debug)]
#[non_exhaustive]
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
            LogError::File { path, .. } => write!(f, "cannot create the log file {}", path.display()),
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

impl Fault for LogError {
    fn kind(&self) -> ErrorKind {
        match self {
            LogError::File { .. } => ErrorKind::Io,
            LogError::AlreadySet => ErrorKind::Configuration,
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            LogError::File { path, .. } => Place::file(path),
            LogError::AlreadySet => Place::default(),
        }
    }
}
