//! A `config.json` with its path and text, so that errors found later can still tell line and column.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{ConfigError, GraphLayer, QuantConfig};
use crate::file::{self, ReadError};

/// A `config.json` that was read, with its text, so that what is wrong with it is told with its place
/// also when only the graph shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigFile {
    path: PathBuf,
    text: String,
    config: QuantConfig,
}

impl ConfigFile {
    /// Reads and checks the file at `path`, as far as that is possible without the graph.
    ///
    /// # Errors
    /// [`ReadError`] names the file and the place; see [`QuantConfig::from_json`] for its contents.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ReadError<ConfigError>> {
        let path = path.as_ref().to_owned();
        let text = file::read_text(&path, "config_file")?;
        match QuantConfig::from_json(&text) {
            Ok(config) => Ok(Self { path, text, config }),
            Err(error) => Err(located(&path, &text, error)),
        }
    }

    /// What the file says.
    pub fn config(&self) -> &QuantConfig {
        &self.config
    }

    /// What the file says, without its text.
    pub fn into_config(self) -> QuantConfig {
        self.config
    }

    /// [`QuantConfig::check_skip_fusion`] with the place of what is wrong.
    ///
    /// # Errors
    /// See there.
    pub fn check_skip_fusion(
        &self,
        graph: &BTreeMap<String, GraphLayer>,
        foldable: &[&str],
    ) -> Result<(), ReadError<ConfigError>> {
        let checked = self.config.check_skip_fusion(graph, foldable);
        checked.map_err(|error| located(&self.path, &self.text, error))
    }

    /// [`QuantConfig::check_graph`] with the place of what is wrong.
    ///
    /// # Errors
    /// See there.
    pub fn check_graph(
        &self,
        graph: &BTreeMap<String, GraphLayer>,
        foldable: &[&str],
    ) -> Result<(), ReadError<ConfigError>> {
        let checked = self.config.check_graph(graph, foldable);
        checked.map_err(|error| located(&self.path, &self.text, error))
    }
}

fn located(path: &Path, text: &str, error: ConfigError) -> ReadError<ConfigError> {
    ReadError::Invalid { path: path.to_owned(), at: error.position_in(text), source: Box::new(error) }
}
