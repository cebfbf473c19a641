//! Options of the commands that calibrate on images.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use amct::data::ImageBatches;
use amct::job::Job;
use amct::pipeline::Configuration;
use amct::signature::ImageInput;
use amct_artifacts::config::activation::{Algorithm, IFMR};
use amct_calibration::Batches;
use amct_dataset::{DatasetError, Normalization};
use clap::Args;

use super::configuration::ConfigurationArgs;
use super::parse::{self, List};

#[derive(Debug, Args)]
pub(crate) struct CalibrationImageArgs {
    /// Directory of calibration images (.jpg, .jpeg, .png), used in sorted order
    #[arg(long, value_name = "DIR", default_value = "data/calibration")]
    pub(crate) calibration: PathBuf,

    #[command(flatten)]
    configuration: ConfigurationArgs,

    /// How activations are calibrated; percentile and minmax are not AMCT's [default: ifmr]
    #[arg(
        long,
        visible_alias = "act_algo",
        value_name = "ALGORITHM",
        value_parser = parse::act_algo(),
        conflicts_with_all = ["config", "config_definition"]
    )]
    act_algo: Option<&'static Algorithm>,

    /// Size of an image, width x height [default: what the graph's input says]
    #[arg(long, value_name = "WxH", value_parser = parse::size)]
    pub(crate) size: Option<(usize, usize)>,

    #[command(flatten)]
    pub(crate) normalization: NormalizationArgs,

    /// Images that run at a time; does not change the result [default: 1, or what the graph fixes]
    #[arg(long, visible_alias = "batch_size", value_name = "N")]
    pub(crate) batch_size: Option<NonZeroUsize>,

    /// Number of batches to calibrate on [default: all images]
    #[arg(long, visible_alias = "batch_num", value_name = "N", value_parser = parse::batch_num, allow_negative_numbers = true)]
    pub(crate) batch_num: Option<NonZeroU32>,
}

impl CalibrationImageArgs {
    /// The images for a job, and what the arguments say of its configuration.
    pub(crate) fn read(&self, job: &Job<'_>) -> Result<CalibrationImages, amct::Error> {
        let given = self.configuration.read()?;
        // Before the images, which take their time.
        given.as_ref().map(|given| given.prepare_options(job.original())).transpose()?;
        let input = job.image_input(self.size)?;
        let normalization = self.normalization.build()?;
        let batches = self.load(given.as_ref(), &input, normalization.clone())?;
        let configuration = given.unwrap_or_else(|| self.by_arguments(&batches));
        Ok(CalibrationImages { input, normalization, batches, configuration })
    }

    /// The configuration file, with what it is.
    pub(crate) fn configuration_files(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let files = [
            ("configuration", &self.configuration.config),
            ("definition", &self.configuration.config_definition),
        ];
        files
            .into_iter()
            .filter_map(|(what, file)| Some((what, file.clone()?)))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The images. A configuration says how many batches there are: of `--batch-size` images, or as
    /// many as the graph fixes; if neither says so, all images are dealt out to them, and run one by one.
    fn load(
        &self,
        configuration: Option<&Configuration>,
        input: &ImageInput,
        normalization: Normalization,
    ) -> Result<ImageBatches, amct::Error> {
        let configured = configuration.map(|given| usize::try_from(given.batch_num()).unwrap_or(usize::MAX));
        let has_size = self.batch_size.is_some() || input.batch.is_some();
        let batch_num = match configured {
            Some(batch_num) => Some(batch_num).filter(|_| has_size),
            None => self.batch_num.and_then(|batch_num| usize::try_from(batch_num.get()).ok()),
        };
        let batch_size = self.batch_size.map(Into::into);
        let images = ImageBatches::load(&self.calibration, input, normalization, batch_size, batch_num)?;
        if let Some(wanted) = configured {
            DatasetError::check_batches(&self.calibration, images.len(), wanted)?;
        }
        Ok(images)
    }

    /// What the arguments say. Without a word from the user all images are one batch, as in AMCT's
    /// sample.
    fn by_arguments(&self, images: &ImageBatches) -> Configuration {
        let explicit = self.batch_size.is_some() || self.batch_num.is_some();
        let batch_num = if explicit { u32::try_from(images.len()).unwrap_or(u32::MAX) } else { 1 };
        Configuration::Arguments {
            skip_layers: Vec::new(),
            batch_num,
            activation_offset: true,
            act_algo: self.act_algo.unwrap_or(&IFMR),
        }
    }
}

/// What the arguments about images lead to.
pub(crate) struct CalibrationImages {
    pub(crate) input: ImageInput,
    pub(crate) normalization: Normalization,
    pub(crate) batches: ImageBatches,
    pub(crate) configuration: Configuration,
}

/// How pixels become numbers: (pixel - mean) / std.
#[derive(Debug, Args)]
pub(crate) struct NormalizationArgs {
    /// Subtracted from each pixel (0 to 255): one value, or three for R,G,B
    #[arg(long, value_name = "M[,M,M]", default_value = "128", value_parser = parse::channels, allow_hyphen_values = true)]
    pub(crate) mean: List<f32>,

    /// Divides each pixel after that: one value, or three for R,G,B
    #[arg(long, value_name = "S[,S,S]", default_value = "128", value_parser = parse::channels)]
    pub(crate) std: List<f32>,
}

impl NormalizationArgs {
    pub(crate) fn build(&self) -> Result<Normalization, amct::Error> {
        Ok(Normalization::new(&self.mean.0, &self.std.0)?)
    }
}
