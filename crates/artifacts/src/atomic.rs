//! Outputs that are whole or absent: written to a temporary file beside the target, then renamed.

mod error;

pub use error::WriteError;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Writes `contents` to `path`, creating its directory (mode 0750, the file 0640, as AMCT does).
///
/// A reader sees the old contents or the new ones, never a part. An existing file is overwritten
/// with AMCT's warning in the log; a symbolic link is followed.
///
/// # Errors
/// [`WriteError`], which names the path; the target is then untouched.
pub fn write(path: impl AsRef<Path>, contents: &[u8]) -> Result<(), WriteError> {
    let mut files = FileSet::new();
    files.stage(path, contents)?;
    files.commit()
}

/// Several outputs that appear together: all are written to temporary files first, then renamed.
///
/// Dropping the set without [`commit`](Self::commit) removes the temporary files, so an output that
/// cannot be written leaves none of the others behind.
#[derive(Debug, Default)]
pub struct FileSet {
    staged: Vec<Staged>,
}

#[derive(Debug)]
struct Staged {
    /// Where the file goes, links resolved.
    target: PathBuf,
    file: NamedTempFile,
}

impl FileSet {
    /// A set without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes `contents` to a temporary file beside `path`; `path` itself is not touched yet.
    ///
    /// # Errors
    /// The directory cannot be created or written to, `path` is something else than a file, or the
    /// set already holds it.
    pub fn stage(&mut self, path: impl AsRef<Path>, contents: &[u8]) -> Result<(), WriteError> {
        let target = resolve(path.as_ref())?;
        if self.staged.iter().any(|staged| staged.target == target) {
            return Err(WriteError::Twice { path: target });
        }
        let file = write_beside(&target, contents)
            .map_err(|source| WriteError::Io { path: target.clone(), source })?;
        self.staged.push(Staged { target, file });
        Ok(())
    }

    /// Renames every temporary file to its target, in the order of staging.
    ///
    /// # Errors
    /// A rename failed: the files before it are in place and whole, the rest is not written. After a
    /// successful staging that takes an interference from outside.
    pub fn commit(self) -> Result<(), WriteError> {
        for Staged { target, file } in self.staged {
            if target.exists() {
                log::warn!(
                    target: "AMCT",
                    "The file already exists at {}, and it will be overwritten by AMCT",
                    target.display()
                );
            }
            file.persist(&target)
                .map_err(|error| WriteError::Io { path: target.clone(), source: error.error })?;
        }
        Ok(())
    }
}

/// The file that `path` names: itself if new, the end of the link if it is one.
fn resolve(path: &Path) -> Result<PathBuf, WriteError> {
    let io = |source| WriteError::Io { path: path.into(), source };
    if path.file_name().is_none() {
        return Err(WriteError::NotAFile { path: path.into() });
    }
    match fs::metadata(path) {
        // Renaming over a device or a directory would replace it.
        Ok(found) if !found.is_file() => Err(WriteError::NotAFile { path: path.into() }),
        Ok(_) if path.is_symlink() => fs::canonicalize(path).map_err(io),
        Ok(_) => Ok(path.into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(path.into()),
        Err(error) => Err(io(error)),
    }
}

fn write_beside(target: &Path, contents: &[u8]) -> std::io::Result<NamedTempFile> {
    let dir = match target.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    create_dir(dir)?;
    let mut file = NamedTempFile::new_in(dir)?;
    file.write_all(contents)?;
    restrict(file.as_file())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Creates `dir` and what is missing above it, readable by owner and group as AMCT's are.
pub(crate) fn create_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.create(dir)
}

/// Gives `file` AMCT's mode, 0640.
pub(crate) fn restrict(file: &fs::File) -> std::io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o640))?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

#[cfg(test)]
mod tests;
