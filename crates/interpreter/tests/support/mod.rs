//! Cases of single operators with TensorFlow's outputs, from `tests/golden/ops/*.json`.
//!
//! A case becomes a graph of one node whose inputs are constants or placeholders.

mod case;
mod compare;
mod literal;

pub use case::{Case, Feeding};
pub use compare::{Closeness, compare};

use std::path::Path;

/// The cases of `tests/golden/ops/{file}`.
pub fn cases(file: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/ops").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: CaseFile = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    file.cases
}

#[derive(serde::Deserialize)]
struct CaseFile {
    cases: Vec<Case>,
}

/// Runs every case and compares; panics with all that differ.
pub fn check_all(file: &str, feeding: Feeding, closeness: Closeness) {
    let cases = cases(file);
    assert!(!cases.is_empty(), "{file} has no cases");
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let error = case.check(feeding, closeness).err()?;
            Some(format!("{} ({}): {error}", case.name, case.op))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases fail:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}
