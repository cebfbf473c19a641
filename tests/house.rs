//! The order inside the crates: every file says what it is for, and CONTRIBUTING.md says where things are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::support::{root, rust_files, sources};

/// A file of more lines begins with a header (`//!`).
const LONGEST_WITHOUT_HEADER: usize = 40;

#[test]
fn a_file_begins_with_what_it_is_for() {
    let mut missing = Vec::new();
    for path in rust_files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(root()).unwrap();
        if text.lines().count() <= LONGEST_WITHOUT_HEADER {
            continue;
        }
        // More than a word or two, so that it can say something.
        let header: String = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
        if header.split_whitespace().count() < 3 {
            missing.push(path.display().to_string());
        }
    }
    assert!(missing.is_empty(), "say at the top (//!) what these are responsible for: {missing:#?}");
}

/// Paths from the root, or, where the text has just named a folder, the last parts of one.
#[test]
fn recipes_name_files_that_are_there() {
    let files: Vec<PathBuf> =
        rust_files().iter().map(|path| path.strip_prefix(root()).unwrap().to_owned()).collect();
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    let is_path = |word: &&&str| {
        let ends = [".rs", ".md", ".proto"].iter().any(|kind| word.ends_with(kind));
        (ends || word.starts_with("crates/")) && !word.contains(['<', '*', ' '])
    };
    let paths: Vec<&&str> = quoted.iter().filter(is_path).collect();
    assert!(paths.len() > 60, "the search finds {} paths only", paths.len());
    let missing: Vec<&&&str> = paths
        .iter()
        .filter(|path| !root().join(path).exists() && !files.iter().any(|file| file.ends_with(path)))
        .collect();
    assert!(missing.is_empty(), "CONTRIBUTING.md names files that are not there: {missing:?}");
}

/// Defaults in place of a missing value, by crate. CONTRIBUTING allows one only where it is right, which no test can
/// tell; so each is looked at once, and the number can only fall. A new one that is right raises it, with a
/// reason in review; what cannot happen is `internal!`, or is written so that it cannot be said.
const DEFAULTS: [(&str, usize); 12] = [
    ("amct", 20),
    ("artifacts", 11),
    ("calibration", 6),
    ("cli", 4),
    ("dataset", 4),
    ("graph", 6),
    ("interpreter", 33),
    ("kernels", 11),
    ("metrics", 2),
    ("report", 0),
    ("rewrite", 11),
    ("tensor", 0),
];

#[test]
fn defaults_in_place_of_what_is_missing_become_fewer() {
    let mut found: BTreeMap<String, usize> =
        DEFAULTS.iter().map(|(name, _)| ((*name).to_owned(), 0)).collect();
    for (path, code) in sources() {
        let name = path.components().nth(1).unwrap().as_os_str().to_string_lossy().into_owned();
        let defaults = ["unwrap_or_default()", "unwrap_or(0)", "unwrap_or(usize::MAX)"];
        *found.entry(name).or_default() +=
            defaults.iter().map(|default| code.matches(default).count()).sum::<usize>();
    }
    let ceilings: BTreeMap<String, usize> =
        DEFAULTS.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    // Not only no more: a number that has fallen is written down, or it could rise again unseen.
    assert_eq!(found, ceilings, "found beside DEFAULTS in tests/house.rs");
}
