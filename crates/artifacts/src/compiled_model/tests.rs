//! Tests of reading a compiled model's dump, sound and broken.

use super::*;
use amct_tensor::Chain;

/// The form that ATC writes, with keys that are not read.
const SAMPLE: &str = r#"{
  "name": "net", "version": 2,
  "attr": [{"key": "soc_version", "value": {"s": "Ascend910A"}}, {"key": "stream_num", "value": {"i": 1}}],
  "graph": [{"name": "net", "op": [
    {"name": "input", "type": "Data", "input": [""], "output_desc": [{"dtype": "DT_FLOAT16", "attr": []}],
     "attr": [{"key": "_datadump_original_op_names", "value": {"list": {"val_type": "VT_LIST_STRING"}}}]},
    {"name": "a/Conv2Da/Relu", "type": "Conv2D", "input": ["input:0", "", "input:-1"], "id": 3,
     "input_desc": [{"dtype": "DT_INT8"}],
     "attr": [{"key": "_datadump_original_op_names",
               "value": {"list": {"s": ["a/Conv2D", "a/Relu", "a/Conv2D"], "val_type": 1}}}],
     "output_desc": [{"dtype": "DT_INT8", "layout": "NC1HWC0",
                      "attr": [{"key": "_datadump_origin_name", "value": {"s": "a/Relu"}}]}]}
  ]}]
}"#;

#[test]
fn what_is_used_is_read() {
    let model = CompiledModel::from_json(SAMPLE).unwrap();
    assert_eq!((model.name.as_str(), model.soc_version.as_deref()), ("net", Some("Ascend910A")));
    assert_eq!(model.atc_version, None);
    assert_eq!(model.ops[0].origins, ["input"]);
    let conv = &model.ops[1];
    assert_eq!(conv.origins, ["a/Conv2D", "a/Relu"]);
    let read = CompiledInput { op: "input".into(), index: 0, data_type: Some("DT_INT8".into()) };
    assert_eq!(conv.inputs, [Some(read), None, None]);
    let written = CompiledOutput { data_type: Some("DT_INT8".into()), origin: Some("a/Relu".into()) };
    assert_eq!(conv.outputs, [written]);
}

#[test]
fn what_is_broken_is_told() {
    let changed = |from: &str, to: &str| {
        assert!(SAMPLE.contains(from));
        Chain(&CompiledModel::from_json(&SAMPLE.replace(from, to)).unwrap_err()).to_string()
    };
    for (from, to, expected) in [
        ("\"graph\"", "\"graphs\"", "missing field `graph`"),
        ("\"type\": \"Data\",", "", "missing field `type`"),
        ("{\"name\": \"input\"", "{\"name\": \"a/Conv2Da/Relu\"", "two ops have the name a/Conv2Da/Relu"),
        ("[\"input:0\", ", "[\"other:0\", ", "op a/Conv2Da/Relu reads other"),
        ("[\"input:0\", ", "[\"input\", ", "the value of input must be a list of name:index"),
        ("\"a/Relu\", \"a", "7, \"a", "the value of _datadump_original_op_names must be a list of strings"),
        ("{\"s\": \"a/Relu\"}", "{\"i\": 1}", "the value of _datadump_origin_name must be a string"),
    ] {
        let error = changed(from, to);
        assert!(error.contains(expected), "{error}");
    }
    let error = Chain(&CompiledModel::from_json("0\n").unwrap_err()).to_string();
    assert!(error.starts_with("not a dump of a compiled model") && error.contains("atc --mode=1"), "{error}");
    assert!(CompiledModel::from_json(&"[".repeat(100_000)).is_err());
}
