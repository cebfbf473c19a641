use std::fs::{File, OpenOptions};
use std::path::Path;

use crate::atomic;

/// Creates the log at `path`, empty, and its directory, with AMCT's modes 0640 and 0750.
///
/// A log is of use while it grows, so it is the one output that is not written aside and renamed.
pub(super) fn create(path: &Path) -> std::io::Result<File> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        atomic::create_dir(dir)?;
    }
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    atomic::restrict(&file)?;
    Ok(file)
}
