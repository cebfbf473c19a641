//! Reading a whole text file, with errors that name it.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use amct_tensor::{ErrorKind, Fault, Place};

pub use crate::text_format::Position;

/// The longest text file that is read, in bytes. A record of 10,000 channels per layer and 1,000
/// layers stays below it.
pub const MAX_TEXT_BYTES: u64 = 512 << 20;

/// Why a file could not be turned into a value.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError<E> {
    /// There is no such file.
    Missing {
        /// What the file was wanted for: `config_file`, `record_file`, ...
        what: &'static str,
        /// The path asked for.
        path: PathBuf,
    },
    /// The operating system refused.
    Io {
        /// The path asked for.
        path: PathBuf,
        /// Its reason.
        source: std::io::Error,
    },
    /// The file is longer than [`MAX_TEXT_BYTES`].
    TooLong {
        /// The path asked for.
        path: PathBuf,
    },
    /// The bytes are not UTF-8.
    NotUtf8 {
        /// The path asked for.
        path: PathBuf,
        /// The offset in bytes of the first that is not.
        at: usize,
    },
    /// The text is not what the file should hold.
    Invalid {
        /// The path asked for.
        path: PathBuf,
        /// Where, if that is known and not said by `source`.
        at: Option<Position>,
        /// What is wrong with it.
        source: Box<E>,
    },
}

impl<E> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Missing { what, path } => {
                write!(f, "Can not find the {what} at {}", path.display())
            }
            ReadError::Io { path, .. } => write!(f, "cannot read {}", path.display()),
            ReadError::TooLong { path } => {
                write!(f, "{} is longer than the {} MiB accepted", path.display(), MAX_TEXT_BYTES >> 20)
            }
            ReadError::NotUtf8 { path, at } => {
                write!(f, "{} is not UTF-8 text: bad byte at offset {at}", path.display())
            }
            ReadError::Invalid { path, at, .. } => {
                let path = path.display();
                // As compilers write it, so that editors can jump there.
                match at {
                    Some(at) => write!(f, "{path}:{at}"),
                    None => write!(f, "{path}"),
                }
            }
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for ReadError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReadError::Io { source, .. } => Some(source),
            ReadError::Invalid { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

impl<E: Fault> Fault for ReadError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            ReadError::Missing { .. } | ReadError::Io { .. } => ErrorKind::Io,
            ReadError::TooLong { .. } | ReadError::NotUtf8 { .. } => ErrorKind::Format,
            ReadError::Invalid { source, .. } => source.kind(),
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            ReadError::Missing { path, .. }
            | ReadError::Io { path, .. }
            | ReadError::TooLong { path }
            | ReadError::NotUtf8 { path, .. } => Place::file(path),
            ReadError::Invalid { path, at, source } => {
                let place = Place::file(path).within(source.place());
                at.map_or(place, |at| place.line(at.line))
            }
        }
    }
}

/// Reads `path` and hands its text to `parse`; `what` names the file's role in the error.
pub(crate) fn read_with<T, E>(
    path: &Path,
    what: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, ReadError<E>> {
    let text = read_text(path, what)?;
    parse(&text).map_err(|error| ReadError::Invalid { path: path.into(), at: None, source: error.into() })
}

/// The text of the file at `path`; `what` names the file's role in the error.
pub(crate) fn read_text<E>(path: &Path, what: &'static str) -> Result<String, ReadError<E>> {
    let mut text = String::from_utf8(read_bytes(path, what)?)
        .map_err(|error| ReadError::NotUtf8 { path: path.into(), at: error.utf8_error().valid_up_to() })?;
    // Editors on Windows put a byte order mark in front of UTF-8.
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

fn read_bytes<E>(path: &Path, what: &'static str) -> Result<Vec<u8>, ReadError<E>> {
    let io = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => ReadError::Missing { what, path: path.into() },
        _ => ReadError::Io { path: path.into(), source },
    };
    let mut bytes = Vec::new();
    // The limit is on what is read, not on what the directory entry says: a pipe has no length.
    File::open(path).and_then(|file| file.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes)).map_err(io)?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        return Err(ReadError::TooLong { path: path.into() });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Result<String, ReadError<fmt::Error>> {
        read_with(path, "record_file", |text| Ok(text.to_owned()))
    }

    #[test]
    fn a_missing_file_is_named_in_amcts_words() {
        let error = read(Path::new("no/such/record.txt")).unwrap_err();
        assert_eq!(error.to_string(), "Can not find the record_file at no/such/record.txt");
    }

    #[test]
    fn a_byte_order_mark_is_skipped_and_bad_utf8_is_located() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, b"\xef\xbb\xbfabc").unwrap();
        assert_eq!(read(&path).unwrap(), "abc");
        std::fs::write(&path, b"ab\xff").unwrap();
        assert!(matches!(read(&path), Err(ReadError::NotUtf8 { at: 2, .. })));
    }

    #[test]
    fn a_directory_is_an_error_of_the_system() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read(dir.path()), Err(ReadError::Io { .. })));
    }
}
