use std::path::PathBuf;

use amct::pipeline::Configuration;
use amct_artifacts::config::ConfigFile;
use amct_artifacts::definition::DefinitionFile;
use clap::Args;

/// What to quantize and how, from a file.
#[derive(Debug, Args)]
pub(crate) struct ConfigurationArgs {
    /// Configuration (config.json), as `amct config` writes it
    #[arg(long, value_name = "JSON", conflicts_with_all = ["config_definition", "batch_num"])]
    pub(crate) config: Option<PathBuf>,

    /// Simplified configuration (.cfg)
    #[arg(
        long,
        visible_aliases = ["config_definition", "config_defination"],
        value_name = "CFG",
        conflicts_with = "batch_num"
    )]
    pub(crate) config_definition: Option<PathBuf>,
}

impl ConfigurationArgs {
    /// Reads the file; `None` if there is none given.
    pub(crate) fn read(&self) -> Result<Option<Configuration>, amct::Error> {
        if let Some(path) = &self.config {
            return Ok(Some(Configuration::File(ConfigFile::read(path)?)));
        }
        let definition = self.config_definition.as_ref().map(DefinitionFile::read).transpose()?;
        Ok(definition.map(Configuration::Definition))
    }
}
