//! An op is named as text in one place: every other source says `op::RELU`.

use std::collections::BTreeSet;

use amct_graph::op;
use amct_interpreter::registry::OPERATORS;

use crate::support::{root, rust_files};

/// Files that spell names, and why.
const SPELLING: [(&str, &str); 3] = [
    ("crates/graph/src/op/names.rs", "the vocabulary"),
    ("crates/interpreter/src/registry.rs", "the table of operators"),
    (
        "crates/artifacts/src/config/types.rs",
        "AMCT's table of capacities; a test holds it against `LayerKind`",
    ),
];

/// Crates whose sources know no ops; the words that they share with ops are headings.
const WITHOUT_OPS: [&str; 7] = ["artifacts", "cli", "dataset", "kernels", "metrics", "report", "tensor"];

/// The string literals of a line that are one word.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}

#[test]
fn no_source_spells_the_name_of_an_op() {
    let names: BTreeSet<&str> =
        op::ALL_NAMES.iter().copied().chain(OPERATORS.iter().map(|&(name, _)| name)).collect();
    let mut found = Vec::new();
    let mut searched = 0;
    for path in rust_files() {
        let short = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let Some((folder, _)) = short.strip_prefix("crates/").and_then(|rest| rest.split_once("/src/"))
        else {
            continue;
        };
        let is_test =
            short.contains("/tests/") || short.ends_with("tests.rs") || short.ends_with("testing.rs");
        let is_allowed = SPELLING.iter().any(|(file, _)| *file == short);
        if is_test || is_allowed || WITHOUT_OPS.contains(&folder) {
            continue;
        }
        searched += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
        for (number, line) in
            code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            for word in words(line).filter(|word| names.contains(word)) {
                found.push(format!("{short}:{}: {word}", number + 1));
            }
        }
    }
    assert!(searched > 200, "the search sees {searched} files only");
    assert!(found.is_empty(), "say op::NAME (crates/graph/src/op/names.rs): {found:#?}");
    // The search finds what it is to find.
    assert!(words(r#"matches!(op, "Relu" | "Relu6")"#).eq(["Relu", "Relu6"]));
    for (file, reason) in SPELLING {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        assert!(text.lines().flat_map(words).any(|word| names.contains(word)), "{file}: {reason}");
    }
}
