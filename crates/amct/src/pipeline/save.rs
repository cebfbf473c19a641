//! The files of a job: their paths, their contents, and writing all of them or none.

use std::path::{Path, PathBuf};

use amct_artifacts::atomic::FileSet;
use amct_artifacts::config::QuantConfig;
use amct_artifacts::names::SavePath;
use amct_artifacts::record::Record;

use super::Quantized;
use crate::{Error, graphdef};

/// Where the results of a job go.
#[derive(Clone, Debug)]
pub struct Outputs {
    path: SavePath,
}

/// What a job has to write.
#[derive(Clone, Copy, Debug)]
pub struct Artifacts<'a> {
    /// The quantized graph.
    pub quantized: &'a Quantized,
    /// The configuration used.
    pub config: &'a QuantConfig,
    /// The factors found.
    pub record: &'a Record,
}

/// The contents of the files of a job.
#[derive(Clone, Debug)]
pub struct Encoded {
    config: String,
    record: String,
    info: String,
    model: Vec<u8>,
}

impl Outputs {
    /// Outputs under a `save_path` such as `./outputs/mobilenet_v2`: a directory and a prefix.
    ///
    /// # Errors
    /// [`Error::SavePath`] for a prefix that cannot begin a file name.
    pub fn new(save_path: &str) -> Result<Self, Error> {
        Ok(Self { path: SavePath::parse(save_path)? })
    }

    /// The prefix of the file names.
    pub fn prefix(&self) -> &str {
        self.path.prefix()
    }

    /// The directory of the files; empty for the working directory.
    pub fn directory(&self) -> &Path {
        self.path.dir()
    }

    /// The quantized model.
    pub fn quantized_pb(&self) -> PathBuf {
        self.path.quantized_pb()
    }

    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.path.dir().join("config.json")
    }

    /// The record.
    pub fn record(&self) -> PathBuf {
        self.path.dir().join("record.txt")
    }

    /// The node mapping.
    pub fn quant_json(&self) -> PathBuf {
        self.path.quant_json()
    }

    /// Makes sure that the outputs can be written, before the work is done: each is staged as an
    /// empty temporary file, which is removed again.
    ///
    /// # Errors
    /// [`Error::Write`] naming the file.
    pub fn check_writable(&self) -> Result<(), Error> {
        let mut files = FileSet::new();
        for path in [self.config(), self.record(), self.quant_json(), self.quantized_pb()] {
            files.stage(path, b"")?;
        }
        Ok(())
    }

    /// Writes configuration, record, node mapping and model: all of them, or none.
    ///
    /// # Errors
    /// [`Error::Write`] naming the file.
    pub fn save(&self, artifacts: &Artifacts<'_>) -> Result<(), Error> {
        self.write(&artifacts.encode()?)
    }

    /// Writes node mapping and model alone, as a job does whose record was given.
    ///
    /// # Errors
    /// [`Error::GraphDef`] for a graph that cannot be written, [`Error::Write`] naming the file.
    pub fn save_model(&self, quantized: &Quantized) -> Result<(), Error> {
        let mut files = FileSet::new();
        files.stage(self.quant_json(), quantized.info.to_json().as_bytes())?;
        files.stage(self.quantized_pb(), &graphdef::encode_sorted(&quantized.graph)?)?;
        files.commit()?;
        log::info!(target: "save_model", "The model is saved in {}", self.quantized_pb().display());
        Ok(())
    }

    /// Writes what [`Artifacts::encode`] made, all files or none.
    ///
    /// # Errors
    /// [`Error::Write`] naming the file.
    pub fn write(&self, encoded: &Encoded) -> Result<(), Error> {
        let mut files = FileSet::new();
        self.stage(encoded, &mut files)?;
        self.commit(files)
    }

    /// Adds the files of a job to a set that is written later.
    pub(crate) fn stage(&self, encoded: &Encoded, files: &mut FileSet) -> Result<(), Error> {
        files.stage(self.config(), encoded.config.as_bytes())?;
        files.stage(self.record(), encoded.record.as_bytes())?;
        files.stage(self.quant_json(), encoded.info.as_bytes())?;
        files.stage(self.quantized_pb(), &encoded.model)?;
        Ok(())
    }

    /// Writes a set that holds the files of a job, and says so.
    pub(crate) fn commit(&self, files: FileSet) -> Result<(), Error> {
        files.commit()?;
        log::info!(target: "save_model", "The model is saved in {}", self.quantized_pb().display());
        Ok(())
    }
}

impl Artifacts<'_> {
    /// The contents of the files.
    ///
    /// # Errors
    /// [`Error::GraphDef`] for a graph that cannot be written.
    pub fn encode(&self) -> Result<Encoded, Error> {
        let (record, (info, model)) = rayon::join(
            || self.record.to_text(),
            || (self.quantized.info.to_json(), graphdef::encode_sorted(&self.quantized.graph)),
        );
        Ok(Encoded { config: self.config.to_json(), record, info, model: model? })
    }
}
