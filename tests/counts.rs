//! Numbers in documents that change with the code: each is counted again and looked up where it is written.

use std::collections::BTreeSet;

use amct_interpreter::registry::OPERATORS;
use serde_json::Value;

use crate::support::root;

/// Operators without a case of TensorFlow, and what they are tested by instead.
const WITHOUT_CASES: [(&str, &str); 6] = [
    ("AscendAntiQuant", "AMCT's own kernels"),
    ("AscendDequant", "AMCT's own kernels"),
    ("AscendQuant", "AMCT's own kernels"),
    ("AscendWeightQuant", "AMCT's own kernels"),
    ("PlaceholderWithDefault", "`Identity`, which has the same builder"),
    ("Snapshot", "`Identity`, which has the same builder"),
];

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The op of every case that TensorFlow computed.
fn cases() -> Vec<String> {
    let mut ops = Vec::new();
    for entry in std::fs::read_dir(root().join("tests/golden/ops")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let op = |case: &Value| case["op"].as_str().unwrap().to_owned();
            ops.extend(file["cases"].as_array().unwrap().iter().map(op));
        }
    }
    ops
}

/// The section of a document under a heading, without the heading.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let (_, behind) = text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    behind.split("\n## ").next().unwrap()
}

/// A number as documents write it: a comma before every three digits.
fn written(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[track_caller]
fn assert_says(document: &str, text: &str, words: &str) {
    let text = text.split_whitespace().collect::<Vec<&str>>().join(" ");
    assert!(text.contains(words), "{document} does not say: {words}");
}

#[test]
fn operators_and_their_cases() {
    let (operators, cases) = (written(OPERATORS.len()), written(cases().len()));
    let graphs = read("docs/graphs.md");
    assert_says("docs/graphs.md", &graphs, &format!("lists them: {operators} op types"));
    assert_says("docs/graphs.md", &graphs, &format!("`tests/golden/ops`, {cases} cases"));
    // A section that is released tells what was so then.
    let changelog = read("CHANGELOG.md");
    if let Some((_, unreleased)) = changelog.split_once("\n## Unreleased\n") {
        let unreleased = unreleased.split("\n## ").next().unwrap();
        let words = format!(
            "{operators} operators with TensorFlow's semantics, tested on {cases} cases that TensorFlow"
        );
        assert_says("CHANGELOG.md", unreleased, &words);
    }
}

#[test]
fn every_operator_has_a_case_of_tensorflow() {
    let cases: BTreeSet<String> = cases().into_iter().collect();
    let known: BTreeSet<String> = OPERATORS.iter().map(|(op, _)| (*op).to_owned()).collect();
    let without: BTreeSet<String> = WITHOUT_CASES.iter().map(|(op, _)| (*op).to_owned()).collect();
    assert_eq!(known.difference(&cases).cloned().collect::<BTreeSet<String>>(), without);
    assert_eq!(cases.difference(&known).next(), None, "cases of an operator that there is not");
}

#[test]
fn features_of_amct() {
    let text = read("docs/compatibility.md");
    let features = section(&text, "Features");
    let of = |kind: &str| {
        let rows = features.lines().filter(|line| line.split('|').nth(2).map(str::trim) == Some(kind));
        rows.count()
    };
    let [same, different, missing] = ["same", "different", "missing"].map(of);
    let rows = features.lines().filter(|line| line.starts_with('|')).count();
    assert_eq!(same + different + missing, rows - 2, "rows of another kind than same, different and missing");
    let words = format!("{same} features are the same, {different} different, {missing} missing.");
    assert_says("docs/compatibility.md", features, &words);
}

#[test]
fn numbers_are_written_with_commas() {
    assert_eq!([7, 143, 1_676, 1_234_567].map(written), ["7", "143", "1,676", "1,234,567"]);
}
