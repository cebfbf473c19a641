//! A comparison as csv, with msaccucmp's columns.

use amct::compare::Comparison;
use amct_metrics::Errors;

use crate::output::Out;

/// The columns before the measures, named as by msaccucmp.
const COLUMNS: [&str; 8] =
    ["Index", "OpType", "NPUDump", "DataType", "GroundTruth", "DataType", "TensorIndex", "Shape"];

pub(super) fn print(found: &Comparison, out: &mut Out) {
    let columns = COLUMNS.iter().chain(&Errors::MSACCUCMP_COLUMNS).chain(&["CompareFailReason"]);
    writeln!(out, "{}", columns.copied().collect::<Vec<_>>().join(","));
    for (index, node) in found.nodes.iter().enumerate() {
        let shape: Vec<String> = node.shape.iter().map(usize::to_string).collect();
        let [found, reference] = &node.dtypes;
        let before = [
            index.to_string(),
            node.op.clone(),
            node.node.clone(),
            found.clone(),
            node.reference.clone(),
            reference.clone(),
            format!("{}:output:{}", node.node, node.slot),
            format!("[{}]", shape.join(",")),
        ];
        let row = before.into_iter().chain(node.errors.msaccucmp()).chain([String::new()]);
        writeln!(out, "{}", row.map(|field| quoted(&field)).collect::<Vec<_>>().join(","));
    }
    for (index, node) in (found.nodes.len()..).zip(&found.unmatched) {
        let none = [""; 4].map(str::to_owned);
        let nan = [(); 10].map(|()| "NaN".to_owned());
        let before = [index.to_string(), String::new(), node.node.clone(), String::new()];
        let row = before.into_iter().chain(none).chain(nan).chain([node.reason.clone()]);
        writeln!(out, "{}", row.map(|field| quoted(&field)).collect::<Vec<_>>().join(","));
    }
}

/// A field as RFC 4180 wants it.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
