//! Many images, loaded in parallel and kept small, given out as batches of tensors.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;

use amct_tensor::Tensor;
use rayon::prelude::*;

use super::decode::check;
use super::pixels::{CHANNELS, batch_tensor};
use super::{Pixels, Preprocessing, load_pixels};
use crate::{DatasetError, batch_ranges};

/// Images of which all or the first ones are in memory, resized but not yet normalised: 3 bytes a pixel,
/// where f32 tensors take 12. The others are decoded whenever they are asked for.
#[derive(Clone, Debug)]
pub struct ImageSet {
    preprocessing: Preprocessing,
    paths: Vec<PathBuf>,
    /// Of the first paths.
    pixels: Vec<Pixels>,
}

impl ImageSet {
    /// Loads these files in parallel; the set keeps their order.
    ///
    /// # Errors
    /// Those of [`load_pixels`], of the first file in order that has one, whichever fails first in time.
    pub fn load(paths: Vec<PathBuf>, preprocessing: Preprocessing) -> Result<Self, DatasetError> {
        Self::load_within(paths, preprocessing, usize::MAX)
    }

    /// The same with the pixels of the first images only, as many as `bytes` hold, or one. The other files
    /// are opened and looked at, but not decoded, so memory does not grow with their number.
    ///
    /// # Errors
    /// As [`load`](Self::load); but of a file that is not decoded only that it cannot be read, is no image
    /// or ends early. What else is wrong with it is told by the batch that needs it.
    pub fn load_within(
        paths: Vec<PathBuf>,
        preprocessing: Preprocessing,
        bytes: usize,
    ) -> Result<Self, DatasetError> {
        let Preprocessing { height, width, .. } = preprocessing;
        let image = height.saturating_mul(width).saturating_mul(CHANNELS).max(1);
        let kept = (bytes / image).max(1);
        // Collecting straight into a `Result` would give the error that came first in time.
        let load = |(index, path): (usize, &PathBuf)| {
            if index < kept { load_pixels(path, height, width).map(Some) } else { check(path).map(|()| None) }
        };
        let loaded: Vec<_> = paths.par_iter().enumerate().map(load).collect();
        let mut pixels = Vec::with_capacity(kept.min(paths.len()));
        for image in loaded {
            pixels.extend(image?);
        }
        Ok(Self { preprocessing, paths, pixels })
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The files, in order.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The resized images that are in memory, the first ones, in order.
    pub fn pixels(&self) -> &[Pixels] {
        &self.pixels
    }

    /// The set in batches of `batch_size` images, the last perhaps shorter: f32,
    /// `[b, height, width, 3]`, or `[b, 3, height, width]` for NCHW.
    ///
    /// May be asked for again and again; a batch is made when the iterator reaches it, see
    /// [`batch`](Self::batch).
    pub fn batches(
        &self,
        batch_size: NonZeroUsize,
    ) -> impl ExactSizeIterator<Item = Result<Tensor, DatasetError>> + Clone {
        batch_ranges(self.len(), batch_size).map(|range| self.batch(range))
    }

    /// The images of a range, as far as there are any, as one batch.
    ///
    /// # Errors
    /// [`DatasetError::Tensor`] if the batch is beyond the limit of a tensor; those of [`load_pixels`] for
    /// an image that is not in memory.
    pub fn batch(&self, range: Range<usize>) -> Result<Tensor, DatasetError> {
        let Preprocessing { ref normalization, format, height, width } = self.preprocessing;
        let paths = self.paths.get(range.start..range.end.min(self.len())).unwrap_or_default();
        let decoded: Vec<Pixels>;
        let pixels = match self.pixels.get(range.start..range.start.saturating_add(paths.len())) {
            Some(pixels) => pixels,
            None => {
                let loaded: Vec<_> = paths.par_iter().map(|path| load_pixels(path, height, width)).collect();
                decoded = loaded.into_iter().collect::<Result<_, _>>()?;
                &decoded
            }
        };
        let path = paths.first().cloned().unwrap_or_default();
        batch_tensor(pixels, normalization, format).map_err(|source| DatasetError::Tensor { path, source })
    }
}
