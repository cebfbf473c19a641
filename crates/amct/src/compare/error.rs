//! What stops a comparison, with the texts that users see.

use std::fmt;
use std::io;
use std::path::PathBuf;

use amct_tensor::{ErrorKind, Fault, Place};

/// Why two models or dumps cannot be compared.
#[derive(Debug)]
#[non_exhaustive]
pub enum CompareError {
    /// The second model holds no quantized layer.
    NotQuantized,
    /// The quantization info names hardly a node of the quantized model.
    OtherInfo {
        /// The model's name in it.
        name: String,
        /// A node that it lacks.
        node: String,
    },
    /// No value of one model has a counterpart in the other.
    NothingInCommon,
    /// The quantized model has no such output.
    NoOutput(String),
    /// Both models have an input of that name, but the quantized one has another, too.
    Inputs {
        /// The float model's.
        float: Vec<String>,
        /// The quantized model's.
        quantized: Vec<String>,
    },
    /// A value and its counterpart have different numbers of elements.
    Shapes {
        /// The node of the quantized model.
        node: String,
        /// The shape there.
        found: Vec<usize>,
        /// Its counterpart.
        reference: String,
        /// The shape there.
        expected: Vec<usize>,
    },
    /// A directory of dumps that cannot be read.
    Directory {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A directory without arrays.
    NoArrays(PathBuf),
    /// `mapping.csv` has a line of another form.
    Mapping {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

impl fmt::Display for CompareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotQuantized => write!(
                f,
                "the second model holds no quantized layer; give the float model first and then the quantized \
                 one, or two directories of dumps"
            ),
            Self::OtherInfo { name, node } => write!(
                f,
                "the quantization info of '{name}' does not know node '{node}' of the quantized model, so it is \
                 another model's"
            ),
            Self::NothingInCommon => write!(
                f,
                "no value of the one has a counterpart in the other, so they are not of one model; check the \
                 two arguments"
            ),
            Self::NoOutput(name) => {
                write!(f, "the quantized model has no output '{name}' of the float model")
            }
            Self::Inputs { float, quantized } => write!(
                f,
                "the float model has the inputs '{}', the quantized one '{}'; they are not of one model",
                float.join("', '"),
                quantized.join("', '")
            ),
            Self::Shapes { node, found, reference, expected } => write!(
                f,
                "'{node}' has shape {found:?}, but its counterpart '{reference}' has {expected:?}; they are not \
                 of one model or of one input size"
            ),
            Self::Directory { directory, .. } => {
                write!(f, "cannot read the directory '{}'", directory.display())
            }
            Self::NoArrays(directory) => {
                write!(f, "'{}' holds no .npy file named NODE.SLOT.TIME.npy", directory.display())
            }
            Self::Mapping { file, line } => {
                write!(f, "'{}', line {line}: expected NUMBER.npy,NODE.SLOT.TIME.npy", file.display())
            }
        }
    }
}

impl std::error::Error for CompareError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Directory { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Fault for CompareError {
    fn kind(&self) -> ErrorKind {
        match self {
            CompareError::Directory { .. } => ErrorKind::Io,
            CompareError::Mapping { .. } => ErrorKind::Format,
            CompareError::NotQuantized
            | CompareError::Inputs { .. }
            | CompareError::Shapes { .. }
            | CompareError::NothingInCommon => ErrorKind::Graph,
            CompareError::OtherInfo { .. } | CompareError::NoOutput(_) | CompareError::NoArrays(_) => {
                ErrorKind::Configuration
            }
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            CompareError::Directory { directory, .. } | CompareError::NoArrays(directory) => {
                Place::file(directory)
            }
            CompareError::Mapping { file, line } => Place::file(file).line(*line),
            CompareError::OtherInfo { node, .. }
            | CompareError::NoOutput(node)
            | CompareError::Shapes { node, .. } => Place::node(node),
            CompareError::NotQuantized | CompareError::NothingInCommon | CompareError::Inputs { .. } => {
                Place::default()
            }
        }
    }
}
