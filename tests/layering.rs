//! The rules of the workspace that no compiler checks: who may depend on whom, who may be unsafe,
//! how long a file may be.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{root, rust_files};

/// The level of each crate, as ARCHITECTURE.md has it; a crate depends on lower levels only.
const LEVELS: [(&str, u32); 12] = [
    ("amct-tensor", 0),
    ("amct-graph", 1),
    ("amct-kernels", 1),
    ("amct-dataset", 1),
    ("amct-artifacts", 1),
    ("amct-metrics", 1),
    ("amct-report", 2),
    ("amct-interpreter", 2),
    ("amct-rewrite", 2),
    ("amct-calibration", 3),
    ("amct", 4),
    ("amct-cli", 5),
];
const LONGEST_FILE: usize = 600;

fn level(name: &str) -> Option<u32> {
    LEVELS.iter().find(|(known, _)| *known == name).map(|(_, level)| *level)
}

/// Name and names of dependencies (of every kind) of each crate of the workspace.
fn crates() -> Vec<(String, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            (name(package), package["dependencies"].as_array().unwrap().iter().map(name).collect())
        })
        .collect()
}

#[test]
fn every_crate_depends_on_lower_levels_only() {
    let crates = crates();
    assert_eq!(crates.len(), LEVELS.len());
    for (name, dependencies) in crates {
        let own = level(&name).unwrap_or_else(|| panic!("give {name} a level"));
        for dependency in dependencies {
            if let Some(level) = level(&dependency) {
                assert!(level < own, "{name} (level {own}) depends on {dependency} (level {level})");
            }
        }
    }
}

#[test]
fn only_the_root_knows_protobuf() {
    for (name, dependencies) in crates() {
        let found = dependencies.iter().find(|dependency| dependency.starts_with("prost"));
        assert_eq!(found.is_some(), name == "amct", "{name}: {found:?}");
    }
}

/// The Rust files below the `src` of every crate.
fn sources() -> Vec<PathBuf> {
    let in_src = |path: &Path| {
        let path = path.strip_prefix(root()).unwrap();
        path.starts_with("build.rs") || path.iter().nth(2).is_some_and(|folder| folder == "src")
    };
    let mut files = rust_files();
    files.retain(|path| in_src(path));
    assert!(files.len() > 100);
    files
}

/// Whether a line has the word outside of a line comment.
fn has_word(line: &str, word: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}

#[test]
fn only_the_kernels_are_unsafe() {
    let kernels: &Path = &root().join("crates/kernels");
    let unsafe_files: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|path| std::fs::read_to_string(path).unwrap().lines().any(|line| has_word(line, "unsafe")))
        .collect();
    assert!(!unsafe_files.is_empty(), "the search finds nothing at all");
    for path in unsafe_files {
        assert!(path.starts_with(kernels), "{} has unsafe code", path.display());
    }
}

#[test]
fn no_file_is_too_long() {
    for path in sources() {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines", path.display());
    }
}
