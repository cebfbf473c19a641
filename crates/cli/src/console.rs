//! The log: AMCT's lines on stderr, and in `amct_log/amct_tensorflow.log` for the jobs that AMCT
//! logs.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use amct_artifacts::logging::{AmctLogger, LOG_FILE, Level};

static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Writes through the progress bar's gap, so that a line and a bar do not run into each other.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        crate::progress::suspended(|| std::io::stderr().write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// Logs to the console and to AMCT's log file in the working directory, which holds INFO lines at
/// least. A file that cannot be
/// written is a warning, not the end of the job.
pub(crate) fn log_to_file(level: Level) {
    let logger = AmctLogger::new(level, Box::new(Stderr));
    match logger.with_file(Level::Info.min(level), LOG_FILE) {
        Ok(logger) => install(logger),
        Err(error) => {
            log_to_console(level);
            log::warn!(target: "AMCT", "no log file is written: {}", amct::Chain(&error));
        }
    }
}

/// Logs to the console only.
pub(crate) fn log_to_console(level: Level) {
    install(AmctLogger::new(level, Box::new(Stderr)));
}

fn install(logger: AmctLogger) {
    INSTALLED.store(logger.install().is_ok(), Ordering::Relaxed);
}

/// Shows an error that came before there was a log.
pub(crate) fn fallback(message: &str) {
    if !INSTALLED.load(Ordering::Relaxed) {
        // As in the log: what cannot be written has nowhere to say so, and changes nothing else.
        let _ = writeln!(Stderr, "ERROR - [AMCT]:[AMCT]: {message}");
    }
}
