//! The images that models are evaluated on: loaded once, run batch by batch through several models.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use amct_dataset::{ImageSet, Normalization};
use amct_tensor::{Tensor, internal};

use super::Stop;
use crate::Error;
use crate::model::Model;
use crate::signature::ImageInput;
use crate::sources::preprocessing;

/// Images that run at a time, where the graph leaves the number free. It bounds the memory and changes
/// no result.
const BATCH: usize = 16;

/// The images that a model is judged by, for the graph's one input.
#[derive(Debug)]
pub struct EvaluationImages {
    images: ImageSet,
    input: String,
    batch: NonZeroUsize,
    /// Whether the graph fixes `batch`.
    fixed: bool,
    stop: Stop,
}

impl EvaluationImages {
    /// Loads the images of these files. An evaluation ends early when `stop` asks for it.
    ///
    /// # Errors
    /// A broken image; the file is named.
    pub fn load(
        files: Vec<PathBuf>,
        input: &ImageInput,
        normalization: Normalization,
        stop: Stop,
    ) -> Result<Self, Error> {
        let images = ImageSet::load(files, preprocessing(input, normalization))?;
        let batch = NonZeroUsize::new(input.batch.unwrap_or(BATCH)).unwrap_or(NonZeroUsize::MIN);
        Ok(Self { images, input: input.name.clone(), batch, fixed: input.batch.is_some(), stop })
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// Runs every model on all images, batch by batch, and shows the outputs of each model with the number
    /// of images that the batch holds. A graph of a fixed batch may have further rows, to be left alone.
    pub(crate) fn run(
        &self,
        models: &[&Model],
        mut see: impl FnMut(usize, &[Vec<Tensor>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for batch in self.images.batches(self.batch) {
            self.stop.check()?;
            let batch = batch?;
            let images = batch.shape().first().copied();
            let images = images.ok_or_else(|| internal!("a batch of images without axes"))?;
            let batch = self.filled(batch, images)?;
            let run = |model: &&Model| model.run([(self.input.as_str(), batch.clone())]);
            let outputs = models.iter().map(run).collect::<Result<Vec<_>, _>>()?;
            see(images, &outputs)?;
        }
        Ok(())
    }

    /// A last batch that is too short for a graph of a fixed batch, with its last image repeated.
    fn filled(&self, batch: Tensor, images: usize) -> Result<Tensor, Error> {
        let missing = self.batch.get().saturating_sub(images);
        if missing == 0 || images == 0 || !self.fixed {
            return Ok(batch);
        }
        let values = batch.as_slice::<f32>().map_err(|error| Error::Tensor(error.into()))?;
        let last = values.chunks(values.len() / images).next_back().unwrap_or_default();
        let mut all = values.to_vec();
        all.extend(std::iter::repeat_n(last, missing).flatten());
        let mut shape = batch.shape().to_vec();
        if let Some(first) = shape.first_mut() {
            *first = self.batch.get();
        }
        Tensor::from_vec(shape, all).map_err(|error| Error::Tensor(error.into()))
    }
}
