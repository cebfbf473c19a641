//! AMCT's raw batches: one file per batch and input, an array dumped without a header.
//!
//! Source: AMCT-TensorFlow's command line (`--input_shape`, `--data_dir`, `--data_types`,
//! `--batch_num`) and the sample script that makes its data with numpy's `tofile`
//! (`docs/sources/amct.md` section 9).

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use amct_tensor::{DType, Tensor, checked_len};

use crate::DatasetError;
use crate::elements::{self, Order, read_exactly};

/// The files of the first `batch_num` batches: `result[k][i]` is batch `k` of input `i`.
///
/// Every entry of a directory counts, whatever its name, in ascending order of the names' bytes;
/// the k-th entry of each input's directory makes batch k.
///
/// # Errors
/// [`DatasetError::Read`] if a directory cannot be listed, [`DatasetError::NotEnoughBatches`] for
/// the first directory with fewer than `batch_num` entries.
pub fn list_bin_batches(
    directories: &[impl AsRef<Path>],
    batch_num: usize,
) -> Result<Vec<Vec<PathBuf>>, DatasetError> {
    let mut batches = Vec::new();
    for directory in directories {
        let directory = directory.as_ref();
        let files = sorted_entries(directory)?;
        DatasetError::check_batches(directory, files.len(), batch_num)?;
        batches.resize(batch_num, Vec::new());
        for (batch, file) in batches.iter_mut().zip(files) {
            batch.push(file);
        }
    }
    Ok(batches)
}

fn sorted_entries(directory: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let list = || {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
        entries.sort();
        Ok(entries)
    };
    list().map_err(|source| DatasetError::Read { path: directory.into(), source })
}

/// The tensor that `path` holds: the elements of `shape`, row-major, little-endian, nothing else.
///
/// # Errors
/// [`DatasetError::Read`]; [`DatasetError::DataLength`] if the file is shorter or longer than shape
/// and type ask for; [`DatasetError::Tensor`] for a shape beyond the limit of a tensor;
/// [`DatasetError::ElementType`] for strings.
pub fn read_bin_batch(path: &Path, shape: &[usize], dtype: DType) -> Result<Tensor, DatasetError> {
    let of_tensor = |source| DatasetError::Tensor { path: path.into(), source };
    let of_file = |source| DatasetError::Read { path: path.into(), source };
    if dtype == DType::String {
        return Err(DatasetError::ElementType { path: path.into(), dtype });
    }
    // `checked_len` has seen to it that the bytes fit.
    let expected = (checked_len(shape, dtype).map_err(of_tensor)? * dtype.size()) as u64;
    let mut file = File::open(path).map_err(of_file)?;
    let bytes = read_exactly(&mut file, expected).map_err(of_file)?.map_err(|found| {
        DatasetError::DataLength { path: path.into(), shape: shape.to_vec(), dtype, expected, found }
    })?;
    elements::from_le_bytes(shape, dtype, Order::RowMajor, &bytes)
        .ok_or_else(|| DatasetError::ElementType { path: path.into(), dtype })?
        .map_err(of_tensor)
}
