//! What is wrong with a file or directory of data, always with its path.

use std::path::{Path, PathBuf};
use std::{error, fmt, io};

use amct_tensor::{DType, TensorError};

/// What can be wrong with a file or directory of data.
#[derive(Debug)]
pub enum DatasetError {
    /// A file or directory could not be read.
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written; nothing is left under its name.
    Write {
        /// The file that was to be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What should be a directory of images cannot be listed.
    ImageDirectory {
        /// The path given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory holds no image.
    NoImages {
        /// The directory.
        path: PathBuf,
        /// How many files of other kinds it holds.
        others: usize,
    },
    /// A file's content is neither JPEG nor PNG.
    NotAnImage {
        /// The file.
        path: PathBuf,
    },
    /// A JPEG file ends before its end-of-image marker.
    TruncatedImage {
        /// The file.
        path: PathBuf,
    },
    /// An image is larger than the decoder may allocate for.
    ImageTooLarge {
        /// The file.
        path: PathBuf,
    },
    /// An image cannot be decoded.
    BrokenImage {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// An image cannot be resized to the size asked for.
    TargetSize {
        /// The file.
        path: PathBuf,
        /// The height asked for, in pixels.
        height: usize,
        /// The width asked for, in pixels.
        width: usize,
    },
    /// A line of a file of labels is not a file name and a class.
    Label {
        /// The file of labels.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What was found and what is accepted.
        reason: String,
    },
    /// The header of a .npy file is not one.
    NpyHeader {
        /// The file.
        path: PathBuf,
        /// What was found and what is accepted.
        reason: String,
    },
    /// An element type that a .npy file or a raw batch cannot hold.
    ElementType {
        /// The file.
        path: PathBuf,
        /// The type.
        dtype: DType,
    },
    /// The data of a .npy file or of a raw batch is not of the length its shape asks for.
    DataLength {
        /// The file.
        path: PathBuf,
        /// The shape.
        shape: Vec<usize>,
        /// The element type.
        dtype: DType,
        /// The bytes there must be.
        expected: u64,
        /// The bytes there are.
        found: u64,
    },
    /// The tensor asked for cannot be made.
    Tensor {
        /// The file it comes from, the first one if several.
        path: PathBuf,
        /// Why not.
        source: TensorError,
    },
    /// An element that the graph's input cannot hold.
    Conversion {
        /// The file.
        path: PathBuf,
        /// The input.
        input: String,
        /// The type it takes.
        dtype: DType,
        /// The element.
        found: String,
    },
    /// A directory holds fewer raw batches than asked for.
    NotEnoughBatches {
        /// The directory.
        path: PathBuf,
        /// The number of files there.
        found: usize,
        /// The number of batches asked for.
        wanted: usize,
    },
}

impl DatasetError {
    /// The file or directory that is at fault.
    pub fn file(&self) -> &Path {
        match self {
            DatasetError::Read { path, .. }
            | DatasetError::Write { path, .. }
            | DatasetError::ImageDirectory { path, .. }
            | DatasetError::NoImages { path, .. }
            | DatasetError::NotAnImage { path, .. }
            | DatasetError::TruncatedImage { path, .. }
            | DatasetError::ImageTooLarge { path, .. }
            | DatasetError::BrokenImage { path, .. }
            | DatasetError::TargetSize { path, .. }
            | DatasetError::Label { path, .. }
            | DatasetError::NpyHeader { path, .. }
            | DatasetError::ElementType { path, .. }
            | DatasetError::DataLength { path, .. }
            | DatasetError::Tensor { path, .. }
            | DatasetError::Conversion { path, .. }
            | DatasetError::NotEnoughBatches { path, .. } => path,
        }
    }
}

impl fmt::Display for DatasetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatasetError::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            DatasetError::Write { path, source } => write!(f, "cannot write {}: {source}", path.display()),
            DatasetError::ImageDirectory { path, source } => {
                let path = path.display();
                write!(f, "cannot list {path}: {source}; a directory of .jpg, .jpeg or .png files is needed")
            }
            DatasetError::NoImages { path, others } => {
                let path = path.display();
                write!(f, "no image in {path} ({others} other files); .jpg, .jpeg and .png are accepted")
            }
            DatasetError::NotAnImage { path } => {
                let path = path.display();
                write!(f, "{path} is neither a JPEG nor a PNG image, by its content; replace or remove it")
            }
            DatasetError::TruncatedImage { path } => {
                let path = path.display();
                write!(f, "{path} is truncated: the JPEG data has no end marker; replace or remove it")
            }
            DatasetError::ImageTooLarge { path } => {
                let path = path.display();
                write!(f, "{path} is larger than 65535 pixels on a side or 512 MiB when decoded")
            }
            DatasetError::BrokenImage { path, reason } => {
                let path = path.display();
                write!(f, "cannot decode the image {path}: {reason}; replace or remove it")
            }
            DatasetError::TargetSize { path, height, width } => {
                let path = path.display();
                write!(
                    f,
                    "cannot resize {path} to {height}x{width}: 1 to 16384 pixels on a side are accepted"
                )
            }
            DatasetError::Label { path, line, reason } => write!(f, "{}:{line}: {reason}", path.display()),
            DatasetError::NpyHeader { path, reason } => {
                write!(f, "{} has no usable .npy header: {reason}", path.display())
            }
            DatasetError::ElementType { path, dtype } => {
                write!(
                    f,
                    "{} cannot hold elements of type {dtype}; numbers and bool are accepted",
                    path.display()
                )
            }
            DatasetError::DataLength { path, shape, dtype, expected, found } => {
                let path = path.display();
                write!(
                    f,
                    "{path} holds {found} bytes of data, where {dtype} of shape {shape:?} needs {expected}; \
                     check the shape and the type"
                )
            }
            DatasetError::Tensor { path, source } => write!(f, "{}: {source}", path.display()),
            DatasetError::Conversion { path, input, dtype, found } => write!(
                f,
                "{} holds {found}, but input '{input}' takes {dtype}, which cannot hold it; \
                 write batches of values that fit",
                path.display()
            ),
            // The sentences of AMCT's RuntimeError, then the directory.
            DatasetError::NotEnoughBatches { path, found, wanted } => write!(
                f,
                "The number of given data batches is not enough to run calibration with the given batch_num. \
                 Total batches found: {found}, but trying to load: {wanted}. ({})",
                path.display()
            ),
        }
    }
}

impl error::Error for DatasetError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            DatasetError::Read { source, .. }
            | DatasetError::Write { source, .. }
            | DatasetError::ImageDirectory { source, .. } => Some(source),
            DatasetError::Tensor { source, .. } => Some(source),
            _ => None,
        }
    }
}
