//! The arrays of a dump directory, found by the node and output that their file names tell.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::compare::CompareError;
use crate::dump::MAPPING;

/// Which output of which node an array is, by the name that files have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) node: String,
    pub(super) slot: usize,
    /// The op, if the file tells.
    pub(super) op: Option<String>,
}

/// The arrays of a directory.
pub(super) struct Listing {
    files: BTreeMap<(String, usize), (Key, PathBuf)>,
}

impl Listing {
    /// Lists a directory, without those in it.
    pub(super) fn read(directory: &Path) -> Result<Self, Error> {
        let failed = |source| CompareError::Directory { directory: directory.to_owned(), source };
        let mapping = directory.join(MAPPING);
        let long = if mapping.exists() { long_names(&mapping)? } else { BTreeMap::new() };
        let mut names = Vec::new();
        for entry in fs::read_dir(directory).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        let mut files = BTreeMap::new();
        for name in names.iter().filter(|name| name.ends_with(".npy")) {
            let stands_for = long.get(name).unwrap_or(name);
            match key(stands_for) {
                // Of several dumps the last one counts.
                Some(key) => {
                    files.insert((key.node.clone(), key.slot), (key, directory.join(name)));
                }
                None => log::warn!(
                    target: "compare",
                    "'{}' is not named NODE.SLOT.TIME.npy and is not used",
                    directory.join(name).display()
                ),
            }
        }
        if files.is_empty() {
            return Err(CompareError::NoArrays(directory.to_owned()).into());
        }
        Ok(Self { files })
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (&Key, &Path)> {
        self.files.values().map(|(key, path)| (key, path.as_path()))
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Path> {
        self.files.get(&(key.node.clone(), key.slot)).map(|(_, path)| path.as_path())
    }
}

/// The names that numbers stand for.
fn long_names(file: &Path) -> Result<BTreeMap<String, String>, Error> {
    let failed = |source| CompareError::Directory { directory: file.to_owned(), source };
    let text = fs::read_to_string(file).map_err(failed)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let names = lines.map(|(index, line)| {
        let wrong = || CompareError::Mapping { file: file.to_owned(), line: index + 1 };
        let (number, name) = line.split_once(',').ok_or_else(wrong)?;
        Ok((number.trim().to_owned(), name.trim().to_owned()))
    });
    names.collect()
}

/// What a file is, by its name.
fn key(file: &str) -> Option<Key> {
    let fields: Vec<&str> = file.strip_suffix(".npy")?.split('.').collect();
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(at) = fields.iter().position(|field| *field == "output") {
        // TYPE.NAME.TASK[.STREAM].TIME.output.SLOT[.FORMAT]
        let (&[op, node, ..], Some(slot)) = (fields.get(..at)?, fields.get(at + 1)) else { return None };
        let slot = slot.parse().ok()?;
        return Some(Key { op: Some(op.to_owned()), node: node.to_owned(), slot });
    }
    // NODE.SLOT.TIME; a node's own dots are kept by some tools.
    let (node, &[slot, time]) = fields.split_last_chunk::<2>()?;
    if node.is_empty() || !is_number(&slot) || !is_number(&time) {
        return None;
    }
    Some(Key { op: None, node: node.join("_"), slot: slot.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_kinds_are_read() {
        let read = |file: &str| key(file).map(|key| (key.node, key.slot, key.op));
        let named = |node: &str, slot, op: Option<&str>| Some((node.to_owned(), slot, op.map(str::to_owned)));
        assert_eq!(read("a_b_c.1.1000000000000000.npy"), named("a_b_c", 1, None));
        assert_eq!(read("a.b.0.17.npy"), named("a_b", 0, None));
        assert_eq!(read("Conv2D.a_b.3.21.1600000000000000.output.0.npy"), named("a_b", 0, Some("Conv2D")));
        assert_eq!(read("Conv2D.a_b.3.1600000000000000.output.2.NHWC.npy"), named("a_b", 2, Some("Conv2D")));
        for other in ["a.npy", "a.b.npy", "a.0.x.npy", ".0.1.npy.txt", "Conv2D.a.3.1.input.0.npy", "1.2.npy"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
