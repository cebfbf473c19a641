//! Calibration data as batches: images of a directory, or AMCT's raw `.bin` files.

mod files;

use std::path::{Path, PathBuf};

use amct_calibration::{BatchError, Batches};
use amct_dataset::{
    DatasetError, ImageSet, Labels, Normalization, Preprocessing, convert, list_bin_batches, list_images,
    load_image, read_bin_batch,
};
use amct_graph::Graph;
use amct_interpreter::Feeds;
use amct_tensor::{DType, Fault, Tensor};

pub use self::files::{FileInputs, GivenInput};
use crate::Error;
use crate::signature::{ImageInput, InterfaceError};

/// Bytes of decoded images that are kept: all 32 images of AMCT's sample, 4.6 MB. Where there are more
/// images, decoding the others again in each pass costs a twentieth of the pass; keeping them would cost
/// memory for each.
const KEPT_BYTES: usize = 5 << 20;

/// The images of a directory, normalised whenever they are needed. The first ones are decoded and resized
/// once, the others as well whenever they are needed, so memory does not grow with their number.
#[derive(Debug)]
pub struct ImageBatches {
    images: ImageSet,
    input: String,
    batch_size: usize,
    count: usize,
}

impl ImageBatches {
    /// Loads the images of `directory` for `input`.
    ///
    /// Without a `batch_size` images go one at a time (or as many as the graph fixes); a last
    /// batch that a fixed size leaves incomplete is left out with a warning. `batch_num` takes
    /// only so many batches.
    ///
    /// # Errors
    /// No images, a broken one (the file is named), or sizes that the graph does not take.
    pub fn load(
        directory: &Path,
        input: &ImageInput,
        normalization: Normalization,
        batch_size: Option<usize>,
        batch_num: Option<usize>,
    ) -> Result<Self, Error> {
        let listing = list_images(directory)?;
        // Labels are for evaluation; here they are not to be wondered at.
        let is_labels = |other: &Path| other.file_name().is_some_and(|name| name == Labels::FILE);
        for other in listing.others.iter().filter(|other| !is_labels(other)) {
            log::warn!(target: "dataset", "'{}' is not a .jpg, .jpeg or .png file and is not used", other.display());
        }
        let batch_size = match (input.batch, batch_size) {
            (Some(expected), Some(found)) if expected != found => {
                return Err(InterfaceError::BatchSize { expected, found }.into());
            }
            (Some(fixed), _) => fixed,
            (None, asked) => asked.unwrap_or(1),
        }
        .max(1);
        let mut paths = listing.images;
        let available = paths.len();
        let whole =
            if input.batch.is_some() { available / batch_size } else { available.div_ceil(batch_size) };
        if whole == 0 {
            return Err(InterfaceError::TooFewSamples { found: available, batch: batch_size }.into());
        }
        let count = batch_num.map_or(whole, |wanted| wanted.min(whole));
        if let Some(wanted) = batch_num {
            DatasetError::check_batches(directory, whole, wanted)?;
        }
        paths.truncate(count.saturating_mul(batch_size));
        if batch_num.is_none() && paths.len() < available {
            log::warn!(
                target: "dataset",
                "{} of {available} images do not fill a batch of {batch_size}, which the graph fixes, and are not used",
                available - paths.len()
            );
        }
        let images = ImageSet::load_within(paths, preprocessing(input, normalization), KEPT_BYTES)?;
        Ok(Self { images, input: input.name.clone(), batch_size, count })
    }

    /// The number of images.
    pub fn images(&self) -> usize {
        self.images.len()
    }

    /// The files of the images, in the order of the batches.
    pub fn files(&self) -> &[PathBuf] {
        self.images.paths()
    }
}

impl Batches for ImageBatches {
    fn len(&self) -> usize {
        self.count
    }

    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        if index >= self.count {
            return Err(BatchError::missing(index));
        }
        // No overflow: the batch begins before the last image.
        let start = index * self.batch_size;
        let batch = self.images.batch(start..start.saturating_add(self.batch_size));
        let batch = batch.map_err(|error| failed(index, error))?;
        Ok(Feeds::from([(self.input.as_str(), batch)]))
    }
}

/// A batch that a file is to blame for.
fn failed(index: usize, error: DatasetError) -> BatchError {
    let file = error.place().file.map(Path::to_owned);
    let failed = BatchError::new(index, error);
    match file {
        Some(file) => failed.in_file(file),
        None => failed,
    }
}

/// One image as a batch for `input`; repeated where the graph fixes a larger batch.
///
/// # Errors
/// The file is named.
pub fn single_image(path: &Path, input: &ImageInput, normalization: Normalization) -> Result<Tensor, Error> {
    let image = load_image(path, &preprocessing(input, normalization))?;
    let batch = input.batch.unwrap_or(1);
    if batch <= 1 {
        return Ok(image);
    }
    let mut shape = image.shape().to_vec();
    if let Some(first) = shape.first_mut() {
        *first = batch;
    }
    let repeated = image.as_slice::<f32>().map_err(|error| Error::Tensor(error.into()))?.repeat(batch);
    Tensor::from_vec(shape, repeated).map_err(|error| Error::Tensor(error.into()))
}

pub(crate) fn preprocessing(input: &ImageInput, normalization: Normalization) -> Preprocessing {
    Preprocessing { height: input.height, width: input.width, normalization, format: input.format }
}

/// One input of AMCT's command line: a name, a shape, a type and a directory of raw batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinInput {
    /// Name of the placeholder.
    pub name: String,
    /// Shape of one batch.
    pub shape: Vec<usize>,
    /// Type of the elements in the files.
    pub dtype: DType,
    /// Directory of the files.
    pub directory: PathBuf,
}

/// Raw batches from directories, one file per batch and input.
#[derive(Debug)]
pub struct BinBatches {
    inputs: Vec<BinInput>,
    files: Vec<Vec<PathBuf>>,
    /// The types that the graph takes, where they are known; none before it has been asked.
    fed_as: Vec<Option<DType>>,
}

impl BinBatches {
    /// Lists `batch_num` batches and reads the first, so that a wrong shape shows at once.
    ///
    /// # Errors
    /// A directory that cannot be read, too few files, a file of the wrong length.
    pub fn list(inputs: Vec<BinInput>, batch_num: usize) -> Result<Self, Error> {
        let directories: Vec<&Path> = inputs.iter().map(|input| input.directory.as_path()).collect();
        let files = list_bin_batches(&directories, batch_num)?;
        let batches = Self { inputs, files, fed_as: Vec::new() };
        batches.read_first()?;
        Ok(batches)
    }

    /// Has the elements converted to what the graph's inputs take, as TensorFlow does with what it
    /// is fed.
    ///
    /// # Errors
    /// A value of the first batch that does not fit.
    pub fn converted_for(mut self, graph: &Graph) -> Result<Self, Error> {
        let dtype =
            |input: &BinInput| graph.node(graph.find(&input.name)?).attributes().dtype("dtype").ok()?;
        self.fed_as = self.inputs.iter().map(dtype).collect();
        self.read_first()?;
        Ok(self)
    }

    fn read_first(&self) -> Result<(), DatasetError> {
        self.files.first().map_or(Ok(()), |files| self.read(files).map(|_| ()))
    }

    fn read(&self, files: &[PathBuf]) -> Result<Feeds, DatasetError> {
        let fed_as = self.fed_as.iter().copied().chain(std::iter::repeat(None));
        let inputs = self.inputs.iter().zip(files).zip(fed_as);
        inputs
            .map(|((input, path), fed_as)| {
                let tensor = read_bin_batch(path, &input.shape, input.dtype)?;
                let dtype = fed_as.unwrap_or(input.dtype);
                let fed = convert(&tensor, dtype).map_err(|found| {
                    let (path, input) = (path.clone(), input.name.clone());
                    DatasetError::Conversion { path, input, dtype, found }
                })?;
                Ok((input.name.clone(), fed))
            })
            .collect()
    }
}

impl Batches for BinBatches {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        let files = self.files.get(index).ok_or_else(|| BatchError::missing(index))?;
        self.read(files).map_err(|error| failed(index, error))
    }
}
