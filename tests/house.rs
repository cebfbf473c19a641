//! The order inside the crates: every file says what it is for, and CONTRIBUTING.md says where things are.

use std::path::PathBuf;

use crate::support::{root, rust_files};

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
