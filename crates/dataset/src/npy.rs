//! numpy's `.npy` files.
//!
//! Source: the format's description in numpy's documentation (`numpy.lib.format`, versions 1.0 to
//! 3.0). Own code instead of a crate because a header is not trusted here: its length is limited
//! before it is read, it is parsed without recursion, and float16 is a type like any other.

mod header;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use amct_tensor::{Tensor, checked_len};

use crate::DatasetError;
use crate::elements::{self, read_exactly};
use header::{Header, HeaderError};

/// The array in a `.npy` file, as a row-major tensor of the file's type and shape.
///
/// Accepted are little-endian numbers of the types of a [`Tensor`] and bool, in C or Fortran order.
///
/// # Errors
/// [`DatasetError::Read`]; [`DatasetError::NpyHeader`] if the file is not `.npy` or of another
/// element type (big-endian, complex, text, structured); [`DatasetError::Tensor`] for a shape beyond
/// the limit of a tensor; [`DatasetError::DataLength`] if there is less or more data than the header
/// says.
pub fn read_npy(path: impl AsRef<Path>) -> Result<Tensor, DatasetError> {
    let path = path.as_ref();
    let of_tensor = |source| DatasetError::Tensor { path: path.into(), source };
    let of_file = |source| DatasetError::Read { path: path.into(), source };
    let mut file = File::open(path).map_err(of_file)?;
    let Header { dtype, order, shape } = Header::read(&mut file).map_err(|error| match error {
        HeaderError::Io(source) => of_file(source),
        HeaderError::Invalid(reason) => DatasetError::NpyHeader { path: path.into(), reason },
    })?;
    // `checked_len` has seen to it that the bytes fit.
    let expected = (checked_len(&shape, dtype).map_err(of_tensor)? * dtype.size()) as u64;
    let bytes = read_exactly(&mut file, expected).map_err(of_file)?.map_err(|found| {
        DatasetError::DataLength { path: path.into(), shape: shape.clone(), dtype, expected, found }
    })?;
    elements::from_le_bytes(&shape, dtype, order, &bytes)
        .ok_or_else(|| DatasetError::ElementType { path: path.into(), dtype })?
        .map_err(of_tensor)
}

/// Writes `tensor` as a `.npy` file, byte for byte as numpy's `save` does, replacing what is there.
///
/// The bytes go to a temporary file beside it, which is then renamed, so that nobody ever sees half
/// a file.
///
/// # Errors
/// [`DatasetError::ElementType`] for strings, [`DatasetError::Write`].
pub fn write_npy(path: impl AsRef<Path>, tensor: &Tensor) -> Result<(), DatasetError> {
    let path = path.as_ref();
    let unsupported = || DatasetError::ElementType { path: path.into(), dtype: tensor.dtype() };
    let header = header::to_bytes(tensor.dtype(), tensor.shape()).ok_or_else(unsupported)?;
    let data = elements::to_le_bytes(tensor)
        .ok_or_else(unsupported)?
        .map_err(|source| DatasetError::Tensor { path: path.into(), source })?;
    replace_file(path, &[&header, &data]).map_err(|source| DatasetError::Write { path: path.into(), source })
}

fn replace_file(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let temporary = temporary_beside(path)?;
    let write = || {
        let mut file = File::create(&temporary)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().inspect_err(|_| {
        // The first error is the one to report; there may be nothing to remove.
        let _ = fs::remove_file(&temporary);
    })
}

/// In the same directory, because a rename does not cross file systems.
fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(temporary))
}
