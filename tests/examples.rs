//! Every example of `examples/` runs to its end.

use std::collections::BTreeSet;

use crate::support::root;

#[path = "../examples/calibrate_own_data.rs"]
mod calibrate_own_data;
#[path = "../examples/compare.rs"]
mod compare;
#[path = "../examples/custom_evaluator.rs"]
mod custom_evaluator;
#[path = "../examples/observe_value.rs"]
mod observe_value;
#[path = "../examples/quantize.rs"]
mod quantize;
#[path = "../examples/run.rs"]
mod run;

#[test]
fn every_example_runs() {
    type Example = fn() -> Result<(), Box<dyn std::error::Error>>;
    let examples: [(&str, Example); 6] = [
        ("calibrate_own_data", calibrate_own_data::main),
        ("compare", compare::main),
        ("custom_evaluator", custom_evaluator::main),
        ("observe_value", observe_value::main),
        ("quantize", quantize::main),
        ("run", run::main),
    ];
    let file = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let files: BTreeSet<String> = std::fs::read_dir(root().join("examples")).unwrap().map(file).collect();
    assert_eq!(files, examples.iter().map(|(name, _)| format!("{name}.rs")).collect());
    for (name, example) in examples {
        example().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
