//! The classes of a directory's images, from its `labels.txt`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::DatasetError;

/// The longest file of labels that is read, in bytes.
const MAX_BYTES: u64 = 256 << 20;

/// The labels of a directory of images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The file they come from.
    pub path: PathBuf,
    /// The labelled images, in the order of the file; never empty.
    pub entries: Vec<LabelledImage>,
}

/// One line of a file of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledImage {
    /// The image.
    pub image: PathBuf,
    /// Its class, from 0.
    pub class: usize,
    /// The line, from 1.
    pub line: usize,
}

impl Labels {
    /// Name of the file in a directory of images.
    pub const FILE: &str = "labels.txt";

    /// Reads `labels.txt` of a directory, `None` if there is no such file.
    ///
    /// A line is the name of an image in the directory, blanks, and the number of its class. The name may
    /// hold blanks; empty lines and those that begin with `#` mean nothing.
    ///
    /// # Errors
    /// [`DatasetError::Read`] for the file, [`DatasetError::Label`] for a line, which is named.
    pub fn read(directory: impl AsRef<Path>) -> Result<Option<Self>, DatasetError> {
        let directory = directory.as_ref();
        let path = directory.join(Self::FILE);
        let mut bytes = Vec::new();
        match File::open(&path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(DatasetError::Read { path, source }),
        }
        let wrong = |line: usize, reason: String| DatasetError::Label { path: path.clone(), line, reason };
        if bytes.len() as u64 > MAX_BYTES {
            return Err(wrong(1, format!("the file is longer than the {} MiB accepted", MAX_BYTES >> 20)));
        }
        let mut entries = Vec::new();
        let mut seen = BTreeSet::new();
        for (index, text) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let line = index + 1;
            let text =
                std::str::from_utf8(text).map_err(|_| wrong(line, "it is not UTF-8 text".to_owned()))?;
            // Editors on Windows put a byte order mark in front of UTF-8.
            let text = if line == 1 { text.trim_start_matches('\u{feff}') } else { text }.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (name, class) = parse(text).map_err(|reason| wrong(line, reason))?;
            let image = directory.join(name);
            if !image.is_file() {
                return Err(wrong(line, format!("there is no image '{name}' in the directory")));
            }
            if !seen.insert(image.clone()) {
                return Err(wrong(line, format!("'{name}' is labelled twice")));
            }
            entries.push(LabelledImage { image, class, line });
        }
        if entries.is_empty() {
            return Err(wrong(1, "no image is labelled; a line is 'FILE CLASS'".to_owned()));
        }
        Ok(Some(Self { path, entries }))
    }
}

fn parse(text: &str) -> Result<(&str, usize), String> {
    let (name, class) = text
        .rsplit_once(char::is_whitespace)
        .ok_or_else(|| format!("'{text}' has no class; a line is 'FILE CLASS'"))?;
    let class = class
        .parse()
        .map_err(|_| format!("'{class}' is not a class, a whole number from 0; a line is 'FILE CLASS'"))?;
    Ok((name.trim_end(), class))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(labels: &[u8]) -> Result<Option<Labels>, DatasetError> {
        let directory = tempfile::tempdir().unwrap();
        for image in ["a.jpg", "b c.png"] {
            std::fs::write(directory.path().join(image), b"").unwrap();
        }
        std::fs::write(directory.path().join(Labels::FILE), labels).unwrap();
        Labels::read(directory.path())
    }

    #[test]
    fn a_line_is_a_file_and_its_class() {
        let labels = read("\u{feff}# made by hand\r\n\na.jpg  7\r\nb c.png\t0".as_bytes()).unwrap().unwrap();
        let found: Vec<(&str, usize, usize)> = labels
            .entries
            .iter()
            .map(|entry| (entry.image.file_name().unwrap().to_str().unwrap(), entry.class, entry.line))
            .collect();
        assert_eq!(found, [("a.jpg", 7, 3), ("b c.png", 0, 4)]);
    }

    #[test]
    fn errors_name_the_file_and_the_line() {
        for (labels, line, reason) in [
            (&b"a.jpg"[..], 1, "'a.jpg' has no class"),
            (b"a.jpg 1\nb c.png -1", 2, "'-1' is not a class"),
            (b"a.jpg cat", 1, "'cat' is not a class"),
            (b"\n\nnone.jpg 1", 3, "no image 'none.jpg'"),
            (b"a.jpg 1\na.jpg 2", 2, "'a.jpg' is labelled twice"),
            (b"a.jpg 1\n\xff 2", 2, "not UTF-8"),
            (b"# nothing", 1, "no image is labelled"),
        ] {
            let error = read(labels).unwrap_err().to_string();
            assert!(error.contains(&format!("labels.txt:{line}: ")) && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_directory_may_have_no_labels() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Labels::read(directory.path()).unwrap(), None);
    }
}
