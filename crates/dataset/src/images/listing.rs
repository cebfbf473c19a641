//! The image files of a directory, in an order that does not depend on the file system.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::DatasetError;

/// File name extensions of images, compared without regard to case.
const EXTENSIONS: [&str; 3] = ["jpg", "jpeg", "png"];

/// The files of a directory, each list in ascending order of the names' bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageListing {
    /// The images; never empty.
    pub images: Vec<PathBuf>,
    /// Files with another extension, for the caller to mention.
    pub others: Vec<PathBuf>,
}

/// The images directly in `directory`: files named `.jpg`, `.jpeg` or `.png`, in upper or lower case.
///
/// Subdirectories and hidden files (a leading dot) are left out.
///
/// # Errors
/// [`DatasetError::ImageDirectory`] if it cannot be listed, [`DatasetError::NoImages`] if there is none.
pub fn list_images(directory: impl AsRef<Path>) -> Result<ImageListing, DatasetError> {
    let directory = directory.as_ref();
    let mut files = visible_files(directory)
        .map_err(|source| DatasetError::ImageDirectory { path: directory.into(), source })?;
    files.sort();
    let (images, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| has_image_extension(path));
    if images.is_empty() {
        return Err(DatasetError::NoImages { path: directory.into(), others: others.len() });
    }
    Ok(ImageListing { images, others })
}

fn visible_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let path = entry.path();
        if !hidden && !path.is_dir() {
            files.push(path);
        }
    }
    Ok(files)
}

fn has_image_extension(path: &Path) -> bool {
    path.extension().is_some_and(|found| EXTENSIONS.iter().any(|known| found.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory_with(files: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for file in files {
            fs::write(directory.path().join(file), b"").unwrap();
        }
        directory
    }

    #[test]
    fn images_are_sorted_bytewise_and_others_are_told() {
        let directory =
            directory_with(&["b.JPG", "a.png", "c.txt", ".hidden.jpg", "B.jpeg", "a10.jpg", "a9.jpg"]);
        fs::create_dir(directory.path().join("sub.jpg")).unwrap();
        let listing = list_images(directory.path()).unwrap();
        let names = |paths: &[PathBuf]| -> Vec<String> {
            paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&listing.images), ["B.jpeg", "a.png", "a10.jpg", "a9.jpg", "b.JPG"]);
        assert_eq!(names(&listing.others), ["c.txt"]);
    }

    #[test]
    fn a_directory_without_images_is_an_error_that_names_it() {
        let directory = directory_with(&["notes.txt", "data.npy"]);
        let error = list_images(directory.path()).unwrap_err();
        assert!(matches!(error, DatasetError::NoImages { others: 2, .. }));
        let text = error.to_string();
        assert!(text.contains(directory.path().to_str().unwrap()) && text.contains(".png"), "{text}");
    }

    #[test]
    fn a_missing_directory_or_a_file_in_its_place_is_an_error_that_names_it() {
        let directory = directory_with(&["a.jpg"]);
        for name in ["missing", "a.jpg"] {
            let path = directory.path().join(name);
            let error = list_images(&path).unwrap_err();
            assert!(matches!(error, DatasetError::ImageDirectory { .. }));
            let text = error.to_string();
            assert!(text.contains(path.to_str().unwrap()) && text.contains(".png"), "{text}");
        }
    }
}
