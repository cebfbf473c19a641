//! Inputs from files, one sample after the other: arrays and images.

use std::path::{Path, PathBuf};

use amct_calibration::{BatchError, Batches};
use amct_dataset::{DatasetError, Normalization, list_images, read_npy};
use amct_graph::{Graph, Outlet};
use amct_interpreter::Feeds;
use amct_tensor::Tensor;

use super::single_image;
use crate::Error;
use crate::signature::{self, ImageInput, InterfaceError};

/// A file, or a directory of files, for an input of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenInput {
    /// The input, if it was named.
    pub name: Option<String>,
    /// An image, an array (`.npy`), or a directory of one kind, used in sorted order.
    pub path: PathBuf,
}

/// Samples for a graph, each read when it is needed: one file per input.
#[derive(Debug)]
pub struct FileInputs {
    inputs: Vec<(String, Vec<PathBuf>)>,
    /// The input that images are for, if there are any.
    image: Option<ImageInput>,
    normalization: Normalization,
}

impl FileInputs {
    /// The samples of `given`. `known` are the inputs of the graph that may be fed, and `outputs` what it
    /// is run for; `size` is that of an image (height, width) where the graph leaves it free.
    ///
    /// # Errors
    /// An input that the graph does not have or that is given twice, a name left out where there are several, images for an input
    /// that takes none, a directory without files, or a different number of files for each input.
    pub fn new(
        graph: &Graph,
        outputs: &[Outlet],
        known: &[String],
        given: &[GivenInput],
        size: Option<(usize, usize)>,
        normalization: Normalization,
    ) -> Result<Self, Error> {
        let mut inputs: Vec<(String, Vec<PathBuf>)> = Vec::new();
        for GivenInput { name, path } in given {
            let name = match (name, known) {
                (Some(name), _) if known.contains(name) => name.clone(),
                (Some(name), _) => {
                    let (name, inputs) = (name.clone(), known.to_vec());
                    return Err(InterfaceError::NotAnInput { name, inputs }.into());
                }
                (None, [only]) => only.clone(),
                (None, _) => return Err(InterfaceError::ManyInputs(known.to_vec()).into()),
            };
            if inputs.iter().any(|(other, _)| *other == name) {
                return Err(InterfaceError::InputTwice(name).into());
            }
            inputs.push((name, files(path)?));
        }
        let count = inputs.first().map_or(0, |(_, files)| files.len());
        if let Some((name, files)) = inputs.iter().find(|(_, files)| files.len() != count) {
            let first = inputs.first().map_or_else(String::new, |(name, _)| name.clone());
            let other = (name.clone(), files.len());
            return Err(InterfaceError::Files { first: (first, count), other }.into());
        }
        let has_images = inputs.iter().flat_map(|(_, files)| files).any(|file| !is_array(file));
        let image = if has_images { Some(signature::image_input(graph, outputs, size)?) } else { None };
        Ok(Self { inputs, image, normalization })
    }

    /// Images for one input, one after the other.
    pub fn images(input: &ImageInput, files: Vec<PathBuf>, normalization: Normalization) -> Self {
        Self { inputs: vec![(input.name.clone(), files)], image: Some(input.clone()), normalization }
    }

    /// The files of a sample, by input.
    pub fn files(&self, index: usize) -> impl Iterator<Item = (&str, &Path)> {
        self.inputs.iter().filter_map(move |(name, files)| Some((name.as_str(), files.get(index)?.as_path())))
    }

    fn read(&self, file: &Path) -> Result<Tensor, Error> {
        match &self.image {
            Some(input) if !is_array(file) => single_image(file, input, self.normalization.clone()),
            _ => Ok(read_npy(file)?),
        }
    }
}

/// One sample each.
impl Batches for FileInputs {
    fn len(&self) -> usize {
        self.inputs.first().map_or(0, |(_, files)| files.len())
    }

    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        if index >= self.len() {
            return Err(BatchError::missing(index));
        }
        let read = |(name, file): (&str, &Path)| match self.read(file) {
            Ok(tensor) => Ok((name.to_owned(), tensor)),
            Err(error) => Err(BatchError::new(index, error).in_file(file)),
        };
        self.files(index).map(read).collect()
    }
}

fn is_array(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
}

/// The file itself; of a directory its arrays, or if there are none its images, in sorted order.
fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |source| DatasetError::Read { path: path.to_owned(), source };
    let mut arrays = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        arrays.push(entry.map_err(failed)?.path());
    }
    arrays.retain(|file| is_array(file));
    arrays.sort();
    if arrays.is_empty() { Ok(list_images(path)?.images) } else { Ok(arrays) }
}
