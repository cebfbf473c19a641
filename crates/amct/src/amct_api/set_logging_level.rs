//! AMCT's function of this name: sets the levels of the console and of the log file.

use amct_artifacts::logging::{self, Level};

use crate::Error;

/// AMCT's `set_logging_level`: the least severe messages that are shown on the console
/// (`print_level`) and kept in `amct_log/amct_tensorflow.log` (`save_level`). AMCT's default for both
/// is `info`.
///
/// A level is `debug`, `info`, `warning` or `error`, in any case. The first call makes AMCT's log that
/// of the process, with its console on stderr and its file, emptied, in the working directory; later
/// calls change the levels.
///
/// ```standalone_crate
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # std::env::set_current_dir(directory.path())?;
/// use amct::config::QuantConfig;
/// use amct::amct_api::set_logging_level;
///
/// let saved = || std::fs::read_to_string("amct_log/amct_tensorflow.log").unwrap();
/// set_logging_level("error", "warning")?;
/// QuantConfig::default().write("a.json")?;
/// assert_eq!(saved(), "", "that it was written is no warning");
/// set_logging_level("error", "INFO")?;
/// QuantConfig::default().write("b.json")?;
/// assert!(saved().ends_with(" - INFO - [AMCT]:[Config]: Generate config file:b.json success!\n"));
///
/// assert_eq!(
///     set_logging_level("loud", "info").unwrap_err().to_string(),
///     "print_level 'loud' is invalid, only support ['DEBUG', 'INFO', 'WARNING', 'ERROR']"
/// );
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::LogLevel`] for another word, [`Error::Log`] if the file cannot be made or the process has
/// a logger that is not AMCT's.
pub fn set_logging_level(print_level: &str, save_level: &str) -> Result<(), Error> {
    let parse = |argument: &'static str, word: &str| {
        word.parse::<Level>().map_err(|level| Error::LogLevel { argument, level })
    };
    let (print, save) = (parse("print_level", print_level)?, parse("save_level", save_level)?);
    Ok(logging::set_levels(print, save)?)
}
