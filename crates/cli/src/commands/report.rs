//! The HTML page that some commands write.

use std::path::{Path, PathBuf};

use amct::compare::Comparison;
use amct::job::CalibratedJob;
use amct::report::{Parts, html};
use amct_artifacts::atomic::{self, FileSet};

/// Makes sure that a page can be written, before the work is done.
pub(super) fn check_writable(file: Option<&Path>) -> Result<(), amct::Error> {
    let mut files = FileSet::new();
    file.map_or(Ok(()), |file| Ok(files.stage(file, b"")?))
}

/// Writes a page, whole or not at all.
pub(super) fn write(file: &Path, parts: Parts<'_>) -> Result<(), amct::Error> {
    atomic::write(file, html(parts)?.as_bytes())?;
    log::info!(target: "report", "The report is saved in {}", file.display());
    Ok(())
}

/// The parts of a page that any job has; the title is still to be given.
pub(super) fn of_job<'a>(
    job: &CalibratedJob<'_>,
    comparison: &'a Comparison,
    inputs: &[PathBuf],
    files: Vec<(String, PathBuf)>,
) -> Parts<'a> {
    Parts {
        title: String::new(),
        command: command_line(),
        comparison,
        inputs: names(inputs),
        losses: job.losses().clone(),
        effects: None,
        prediction: None,
        configuration: Some(job.config().to_json()),
        files,
    }
}

/// The command as it was given.
pub(super) fn command_line() -> String {
    let args = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    std::iter::once("amct".to_owned()).chain(args).collect::<Vec<_>>().join(" ")
}

/// File names for a table.
pub(super) fn names(files: &[PathBuf]) -> Vec<String> {
    files.iter().map(|file| file.display().to_string()).collect()
}

/// What went in: named files, then the inputs.
pub(super) fn files<'a>(
    named: impl IntoIterator<Item = (&'a str, PathBuf)>,
    inputs: &[PathBuf],
) -> Vec<(String, PathBuf)> {
    let named = named.into_iter().map(|(what, path)| (what.to_owned(), path));
    named.chain(inputs.iter().map(|path| ("input".to_owned(), path.clone()))).collect()
}
