//! Many images, loaded in parallel and kept small, given out as batches of tensors.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;

use amct_tensor::Tensor;
use rayon::prelude::*;

use super::pixels::batch_tensor;
use super::{Pixels, Preprocessing, load_pixels};
use crate::{DatasetError, batch_ranges};

/// Images in memory, resized but not yet normalised: 3 bytes a pixel, where f32 tensors take 12.
#[derive(Clone, Debug)]
pub struct ImageSet {
    preprocessing: Preprocessing,
    paths: Vec<PathBuf>,
    pixels: Vec<Pixels>,
}

impl ImageSet {
    /// Loads these files in parallel; the set keeps their order.
    ///
    /// # Errors
    /// Those of [`load_pixels`], of the first file in order that has one, whichever fails first in time.
    pub fn load(paths: Vec<PathBuf>, preprocessing: Preprocessing) -> Result<Self, DatasetError> {
        let Preprocessing { height, width, .. } = preprocessing;
        // Collecting straight into a `Result` would give the error that came first in time.
        let loaded: Vec<_> = paths.par_iter().map(|path| load_pixels(path, height, width)).collect();
        let pixels = loaded.into_iter().collect::<Result<_, _>>()?;
        Ok(Self { preprocessing, paths, pixels })
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.pixels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// The files, in order.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The resized images, in order.
    pub fn pixels(&self) -> &[Pixels] {
        &self.pixels
    }

    /// The set in batches of `batch_size` images, the last perhaps shorter: f32,
    /// `[b, height, width, 3]`, or `[b, 3, height, width]` for NCHW.
    ///
    /// May be asked for again and again; a batch is made when the iterator reaches it. An item is
    /// [`DatasetError::Tensor`] if the batch is beyond the limit of a tensor.
    pub fn batches(
        &self,
        batch_size: NonZeroUsize,
    ) -> impl ExactSizeIterator<Item = Result<Tensor, DatasetError>> + Clone {
        batch_ranges(self.len(), batch_size).map(|range| self.batch(range))
    }

    fn batch(&self, range: Range<usize>) -> Result<Tensor, DatasetError> {
        let Preprocessing { ref normalization, format, .. } = self.preprocessing;
        let path = self.paths.get(range.start).cloned().unwrap_or_default();
        batch_tensor(self.pixels.get(range).unwrap_or_default(), normalization, format)
            .map_err(|source| DatasetError::Tensor { path, source })
    }
}
