//! A `.cfg` file with its path, so that errors found later can still name it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{ConfigDefinition, DefinitionError};
use crate::config::{GraphLayer, QuantConfig};
use crate::file::{self, ReadError};

/// A `.cfg` file that was read, whose errors are told with file and place.
#[derive(Clone, Debug, PartialEq)]
pub struct DefinitionFile {
    path: PathBuf,
    definition: ConfigDefinition,
}

impl DefinitionFile {
    /// Reads and checks the file at `path`, as far as that is possible without the graph.
    ///
    /// # Errors
    /// [`ReadError`] names the file and the place; see [`ConfigDefinition::parse`] for its contents.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ReadError<DefinitionError>> {
        let path = path.as_ref().to_owned();
        let text = file::read_text(&path, "config_defination")?;
        match ConfigDefinition::parse(&text) {
            Ok(definition) => Ok(Self { path, definition }),
            Err(error) => Err(located(path, error)),
        }
    }

    /// What the file says.
    pub fn definition(&self) -> &ConfigDefinition {
        &self.definition
    }

    /// [`ConfigDefinition::check_skip_fusion`] with the place of what is wrong.
    ///
    /// # Errors
    /// See there.
    pub fn check_skip_fusion(
        &self,
        graph: &BTreeMap<String, GraphLayer>,
        foldable: &[&str],
    ) -> Result<(), ReadError<DefinitionError>> {
        let checked = self.definition.check_skip_fusion(graph, foldable);
        checked.map_err(|error| located(self.path.clone(), error))
    }

    /// [`ConfigDefinition::create_config`] with the place of what is wrong.
    ///
    /// # Errors
    /// See there.
    pub fn create_config(
        &self,
        graph: &BTreeMap<String, GraphLayer>,
        foldable: &[&str],
    ) -> Result<QuantConfig, ReadError<DefinitionError>> {
        let created = self.definition.create_config(graph, foldable);
        created.map_err(|error| located(self.path.clone(), error))
    }
}

fn located(path: PathBuf, error: DefinitionError) -> ReadError<DefinitionError> {
    ReadError::Invalid { path, at: error.at, source: Box::new(error) }
}
