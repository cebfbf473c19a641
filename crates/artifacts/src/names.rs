//! How `save_path` becomes the names of the outputs.
//!
//! `a/b` means directory `a`, prefix `b`: `a/b_quantized.pb` and `a/b_quant.json`. A path that ends
//! in `/`, or is empty, has an empty prefix; the model is then `quantized.pb`, without an underscore,
//! but the quantization info keeps its own: `_quant.json`.

use std::fmt;
use std::path::{Path, PathBuf};

use amct_tensor::{ErrorKind, Fault};

/// The longest prefix, in characters.
pub const MAX_PREFIX_CHARS: usize = 241;

/// The directory and file-name prefix of a `save_path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavePath {
    dir: PathBuf,
    prefix: String,
}

impl SavePath {
    /// Splits a `save_path` as given on the command line.
    ///
    /// # Errors
    /// [`InvalidPrefix`]: the last component is too long, or is `.` or `..`, which AMCT would replace
    /// by the name of a directory and so write elsewhere than asked.
    pub fn parse(save_path: &str) -> Result<Self, InvalidPrefix> {
        let (dir, prefix) = match save_path.rsplit_once('/') {
            Some(("", prefix)) => ("/", prefix),
            Some((dir, prefix)) => (dir, prefix),
            None => ("", save_path),
        };
        Self::new(dir, prefix)
    }

    /// The path of `prefix` in `dir`.
    ///
    /// # Errors
    /// [`InvalidPrefix`]: as in [`parse`](Self::parse), or the prefix contains a `/`.
    pub fn new(dir: impl Into<PathBuf>, prefix: &str) -> Result<Self, InvalidPrefix> {
        let long = prefix.chars().count() > MAX_PREFIX_CHARS;
        if long || prefix.contains('/') || prefix == "." || prefix == ".." {
            return Err(InvalidPrefix { prefix: prefix.into() });
        }
        Ok(Self { dir: dir.into(), prefix: prefix.into() })
    }

    /// The directory of the outputs; empty for the working directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The prefix of the file names, possibly empty.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Where the quantized model goes.
    pub fn quantized_pb(&self) -> PathBuf {
        match self.prefix.as_str() {
            "" => self.dir.join("quantized.pb"),
            prefix => self.dir.join(format!("{prefix}_quantized.pb")),
        }
    }

    /// Where the [quantization info](crate::quant_info) goes.
    pub fn quant_json(&self) -> PathBuf {
        self.dir.join(format!("{}_quant.json", self.prefix))
    }
}

/// The last component of a `save_path` cannot begin a file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPrefix {
    /// The prefix found.
    pub prefix: String,
}

impl fmt::Display for InvalidPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "prefix{{{}}} is invalid. '/' is reserved characters, length should be less than {}.",
            self.prefix,
            MAX_PREFIX_CHARS + 1
        )?;
        match self.prefix.as_str() {
            "." | ".." => write!(f, " End the path with '/' to name a directory."),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for InvalidPrefix {}

impl Fault for InvalidPrefix {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Configuration
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(save_path: &str) -> (String, String) {
        let path = SavePath::parse(save_path).unwrap();
        (path.quantized_pb().display().to_string(), path.quant_json().display().to_string())
    }

    #[test]
    fn the_last_component_is_the_prefix() {
        for (save_path, pb, json) in [
            ("a/b", "a/b_quantized.pb", "a/b_quant.json"),
            (
                "./outputs/mobilenet_v2",
                "./outputs/mobilenet_v2_quantized.pb",
                "./outputs/mobilenet_v2_quant.json",
            ),
            ("b", "b_quantized.pb", "b_quant.json"),
            ("/b", "/b_quantized.pb", "/b_quant.json"),
            ("a/", "a/quantized.pb", "a/_quant.json"),
            ("/", "/quantized.pb", "/_quant.json"),
            ("", "quantized.pb", "_quant.json"),
        ] {
            assert_eq!(outputs(save_path), (pb.into(), json.into()), "{save_path:?}");
        }
    }

    #[test]
    fn the_length_is_counted_in_characters() {
        assert!(SavePath::parse(&"é".repeat(241)).is_ok());
        let error = SavePath::parse(&format!("d/{}", "x".repeat(242))).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("is invalid. '/' is reserved characters, length should be less than 242.")
        );
    }

    #[test]
    fn a_prefix_is_one_component() {
        assert!(SavePath::new("d", "a/b").is_err());
        assert!(SavePath::parse("out/..").unwrap_err().to_string().contains("End the path with '/'"));
    }
}
