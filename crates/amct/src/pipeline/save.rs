//! The files of a job: their paths, their contents, and writing all of them or none.

use std::path::{Path, PathBuf};

use amct_artifacts::atomic::FileSet;
use amct_artifacts::config::QuantConfig;
use amct_artifacts::names::SavePath;
use amct_artifacts::record::Record;
use rayon::prelude::*;

use super::Quantized;
use crate::{Error, graphdef};

/// Where the results of a job go.
#[derive(Clone, Debug)]
pub struct Outputs {
    path: SavePath,
}

/// What a job has to write; what there is nothing of has no file.
#[derive(Clone, Copy, Debug)]
pub struct Artifacts<'a> {
    /// The quantized graph.
    pub quantized: &'a Quantized,
    /// The configuration used; none of a job whose record was given.
    pub config: Option<&'a QuantConfig>,
    /// The factors found; none of a job whose record was given.
    pub record: Option<&'a Record>,
}

/// One file of a job.
struct JobFile {
    path: fn(&Outputs) -> PathBuf,
    contents: fn(&Artifacts<'_>) -> Result<Option<Vec<u8>>, Error>,
}

/// The files of a job in the order in which they are written: a further one is a further row.
const FILES: [JobFile; 4] = [
    JobFile {
        path: Outputs::config,
        contents: |job| Ok(job.config.map(|config| config.to_json().into_bytes())),
    },
    JobFile {
        path: Outputs::record,
        contents: |job| Ok(job.record.map(|record| record.to_text().into_bytes())),
    },
    JobFile {
        path: Outputs::quant_json,
        contents: |job| Ok(Some(job.quantized.info.to_json().into_bytes())),
    },
    JobFile {
        path: Outputs::quantized_pb,
        contents: |job| Ok(Some(graphdef::encode_sorted(&job.quantized.graph)?)),
    },
];

/// The contents of the files of a job.
#[derive(Clone, Debug)]
pub struct Encoded(Vec<EncodedFile>);

#[derive(Clone, Debug)]
struct EncodedFile {
    path: fn(&Outputs) -> PathBuf,
    contents: Vec<u8>,
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
        for file in &FILES {
            files.stage((file.path)(self), b"")?;
        }
        Ok(())
    }

    /// Writes all files of a job, or none.
    ///
    /// # Errors
    /// [`Error::GraphDef`] for a graph that cannot be written, [`Error::Write`] naming the file.
    pub fn save(&self, artifacts: &Artifacts<'_>) -> Result<(), Error> {
        self.write(&artifacts.encode()?)
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
        encoded.0.iter().try_for_each(|file| Ok(files.stage((file.path)(self), &file.contents)?))
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
        let files = FILES.par_iter().map(|file| {
            let contents = (file.contents)(self)?;
            Ok(contents.map(|contents| EncodedFile { path: file.path, contents }))
        });
        // Collected before the first error is looked for, so that it is always the same one.
        let files: Vec<Result<Option<EncodedFile>, Error>> = files.collect();
        Ok(Encoded(files.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?))
    }
}
