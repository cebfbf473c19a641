//! What stops automatic calibration, with the texts that users see.

use std::fmt;
use std::path::PathBuf;

use amct_tensor::{ErrorKind, Fault, Place};

/// Why automatic calibration stopped.
#[derive(Debug)]
#[non_exhaustive]
pub enum AutoError {
    /// The evaluator does not even accept the original model.
    OriginalRefused,
    /// What an evaluator of one's own reports.
    Evaluator(String),
    /// The evaluator's command line cannot be taken apart.
    CommandLine(String),
    /// The evaluator's command line has no place for the model.
    NoModelPlace(String),
    /// The model for the evaluator's command cannot be written.
    CandidateFile(std::io::Error),
    /// The evaluator's command cannot be started.
    Start {
        /// The command line.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The evaluator's command failed.
    Failed {
        /// The command line.
        command: String,
        /// How it ended: an exit code or a signal.
        status: String,
        /// The end of its stderr.
        stderr: String,
    },
    /// The evaluator's command printed no number.
    NoNumber {
        /// The command line.
        command: String,
        /// The end of its stdout.
        stdout: String,
    },
    /// A label names a class that the model does not have.
    ClassOutOfRange {
        /// The file of labels.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The class.
        class: usize,
        /// The classes of the model.
        classes: usize,
    },
    /// A metric over classes needs an output of one row of float32 per image.
    NotRows {
        /// The output.
        output: String,
        /// Its type and shape.
        found: String,
    },
    /// SQNR needs outputs of float32.
    NotFloat {
        /// The output.
        output: String,
        /// Its type.
        found: String,
    },
    /// SQNR knows no absolute loss.
    AbsoluteNoise(f64),
    /// A loss that is not a number of at least 0, perhaps with `%`.
    BadLimit(String),
    /// A ranking names a layer that is not quantized.
    RankingUnknown(String),
    /// A ranking leaves out a layer that is quantized.
    RankingMissing(String),
    /// The end was asked for.
    Stopped,
}

impl fmt::Display for AutoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AutoError::RankingUnknown(layer) => {
                write!(f, "the ranking names '{layer}', which is not quantized")
            }
            AutoError::RankingMissing(layer) => {
                write!(f, "the ranking leaves out '{layer}', which is quantized")
            }
            // AMCT's sentence.
            AutoError::OriginalRefused => f.write_str(
                "Compare between original_accuracy and original_accuracy can not satisfy the acc requirement, \
                 please check the metric_eval() function.",
            ),
            AutoError::Evaluator(reason) => write!(f, "the evaluator failed: {reason}"),
            AutoError::CommandLine(command) => {
                write!(f, "the evaluator '{command}' has a quotation mark or backslash that does not end")
            }
            AutoError::NoModelPlace(command) => write!(
                f,
                "the evaluator '{command}' does not say where the model goes; write {{model}} in its place, \
                 such as 'python3 eval.py {{model}}'"
            ),
            AutoError::CandidateFile(_) => {
                f.write_str("cannot write the model for the evaluator to a temporary file")
            }
            AutoError::Start { command, .. } => write!(f, "cannot start the evaluator '{command}'"),
            AutoError::Failed { command, status, stderr } if stderr.is_empty() => {
                write!(f, "the evaluator '{command}' failed with {status} and an empty stderr")
            }
            AutoError::Failed { command, status, stderr } => {
                write!(f, "the evaluator '{command}' failed with {status}; its stderr: {stderr}")
            }
            AutoError::NoNumber { command, stdout } => write!(
                f,
                "the evaluator '{command}' printed no finite number; the last number on its stdout must be \
                 the model's metric, the larger the better; its stdout: {stdout}"
            ),
            AutoError::ClassOutOfRange { path, line, class, classes } => write!(
                f,
                "{}:{line}: class {class} is not one of the model's {classes} classes, which count from 0",
                path.display()
            ),
            AutoError::NotRows { output, found } => {
                write!(f, "output '{output}' is {found}, not one row of float32 per image")
            }
            AutoError::NotFloat { output, found } => {
                write!(f, "output '{output}' is {found}, and SQNR needs float32")
            }
            AutoError::AbsoluteNoise(limit) => write!(
                f,
                "the loss of metric sqnr is the noise's share of the signal's power, in percent; \
                 {limit} has no '%' (1% is 20 dB)"
            ),
            AutoError::BadLimit(text) => write!(
                f,
                "'{text}' is not a loss: give a number of at least 0 in the metric's unit, such as 0.5, \
                 or a share of the original's metric, such as 1%"
            ),
            AutoError::Stopped => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for AutoError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            AutoError::CandidateFile(source) | AutoError::Start { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Fault for AutoError {
    fn kind(&self) -> ErrorKind {
        match self {
            AutoError::CandidateFile(_) | AutoError::Start { .. } => ErrorKind::Io,
            AutoError::Stopped => ErrorKind::Interrupted,
            AutoError::OriginalRefused
            | AutoError::Evaluator(_)
            | AutoError::Failed { .. }
            | AutoError::NoNumber { .. }
            | AutoError::ClassOutOfRange { .. }
            | AutoError::NotRows { .. }
            | AutoError::NotFloat { .. } => ErrorKind::Data,
            AutoError::CommandLine(_)
            | AutoError::NoModelPlace(_)
            | AutoError::AbsoluteNoise(_)
            | AutoError::BadLimit(_)
            | AutoError::RankingUnknown(_)
            | AutoError::RankingMissing(_) => ErrorKind::Configuration,
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            AutoError::ClassOutOfRange { path, line, .. } => Place::file(path).line(*line),
            AutoError::NotRows { output: node, .. }
            | AutoError::NotFloat { output: node, .. }
            | AutoError::RankingUnknown(node)
            | AutoError::RankingMissing(node) => Place::node(node),
            _ => Place::default(),
        }
    }
}
