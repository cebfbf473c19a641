//! Tests of the quantization info file: layout, reading back, and refused structures.

use super::*;
use amct_tensor::Chain;
use expect_test::expect;
use proptest::prelude::*;

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn sample() -> QuantInfo {
    let group = || Some(strings(&["net/conv/Conv2D", "net/bn/FusedBatchNormV3"]));
    let op = |name: &str, op_type: &str, original_op_names| OpInfo {
        name: name.into(),
        op_type: op_type.into(),
        original_op_names,
        output: None,
    };
    let origin = OutputOrigin {
        name: "net/bn/FusedBatchNormV3".into(),
        index: 0,
        format: Some("NHWC".into()),
        data_type: Some("DT_FLOAT".into()),
    };
    let dequant = op("net/conv/dequant/AscendDequant", "AscendDequant", group());
    QuantInfo {
        name: "net".into(),
        ops: vec![
            op("input", "Placeholder", None),
            op("net/conv/act_quant/scale", "Const", Some(vec![])),
            OpInfo { output: Some(origin), ..dequant },
        ],
    }
}

#[test]
fn layout_is_that_of_message_to_json() {
    expect![[r#"
        {
          "name": "net",
          "graph": [
            {
              "op": [
                {
                  "name": "input",
                  "type": "Placeholder"
                },
                {
                  "name": "net/conv/act_quant/scale",
                  "type": "Const",
                  "attr": [
                    {
                      "key": "_datadump_original_op_names",
                      "value": {
                        "list": {
                          "val_type": 1
                        }
                      }
                    }
                  ]
                },
                {
                  "name": "net/conv/dequant/AscendDequant",
                  "type": "AscendDequant",
                  "attr": [
                    {
                      "key": "_datadump_original_op_names",
                      "value": {
                        "list": {
                          "s": [
                            "net/conv/Conv2D",
                            "net/bn/FusedBatchNormV3"
                          ],
                          "val_type": 1
                        }
                      }
                    }
                  ],
                  "output_desc": [
                    {
                      "attr": [
                        {
                          "key": "_datadump_origin_format",
                          "value": {
                            "s": "NHWC"
                          }
                        },
                        {
                          "key": "_datadump_data_type",
                          "value": {
                            "s": "DT_FLOAT"
                          }
                        },
                        {
                          "key": "_datadump_origin_output_index",
                          "value": {
                            "i": 0
                          }
                        },
                        {
                          "key": "_datadump_origin_name",
                          "value": {
                            "s": "net/bn/FusedBatchNormV3"
                          }
                        }
                      ]
                    }
                  ]
                }
              ]
            }
          ]
        }"#]]
    .assert_eq(&sample().to_json());
}

#[test]
fn a_file_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("net_quant.json");
    sample().write(&path).unwrap();
    assert_eq!(QuantInfo::read(&path).unwrap(), sample());
}

#[test]
fn what_the_comparison_tool_accepts_is_read() {
    let text = r#"{"graph":[
        {"name":"g1","attr":null,"op":[{"id":3,"name":"a","type":"Data","input":["x:0","y:-1",""],
          "attr":[{"key":"other","value":"text"},{"key":"null","value":null},{"key":"bare"}],
          "output_desc":[{"dtype":"DT_INT8"},{"attr":[]}]}]},
        {"op":[{"name":"b","type":"Conv2D","attr":[
          {"key":"_datadump_original_op_names","value":{"list":{"val_type":"VT_LIST_STRING","s":["b"]}}}],
          "output_desc":[{"attr":[{"key":"_datadump_origin_name","value":{"s":"b"}},
            {"key":"_datadump_origin_data_type","value":{"s":"DT_FLOAT"}},
            {"key":"_datadump_origin_output_index","value":{"i":2}}]}]}]}]}"#;
    let info = QuantInfo::from_json(text).unwrap();
    assert_eq!(info.name, "");
    let [a, b] = info.ops.as_slice() else { panic!("{info:?}") };
    assert_eq!((a.name.as_str(), &a.original_op_names, &a.output), ("a", &None, &None));
    assert_eq!(b.original_op_names, Some(strings(&["b"])));
    let origin =
        OutputOrigin { name: "b".into(), index: 2, format: None, data_type: Some("DT_FLOAT".into()) };
    assert_eq!(b.output, Some(origin));
}

#[test]
fn other_structures_are_refused() {
    let of_op = |op: &str| {
        let text = format!(r#"{{"graph":[{{"op":[{op}]}}]}}"#);
        Chain(&QuantInfo::from_json(&text).unwrap_err()).to_string()
    };
    assert!(of_op(r#"{"name":"a"}"#).contains("missing field `type` at line 1 column"));
    let attr = |value: &str| {
        of_op(&format!(
            r#"{{"name":"a","type":"T","attr":[{{"key":"_datadump_original_op_names","value":{value}}}]}}"#
        ))
    };
    for value in ["null", "{}", r#"{"list":{"s":"a"}}"#, r#"{"list":{"s":[1]}}"#] {
        assert_eq!(
            attr(value),
            "op a: the value of _datadump_original_op_names must be a list of strings",
            "{value}"
        );
    }
    let desc = |attr: &str| {
        let name = r#"{"key":"_datadump_origin_name","value":{"s":"b"}}"#;
        of_op(&format!(r#"{{"name":"a","type":"T","output_desc":[{{"attr":[{name},{attr}]}}]}}"#))
    };
    assert_eq!(
        desc(r#"{"key":"_datadump_origin_output_index","value":{"i":"0"}}"#),
        "op a: the value of _datadump_origin_output_index must be an integer not below zero"
    );
    assert_eq!(
        desc(r#"{"key":"_datadump_origin_format","value":{}}"#),
        "op a: the value of _datadump_origin_format must be a string"
    );
    assert!(Chain(&QuantInfo::from_json("{}").unwrap_err()).to_string().contains("missing field `graph`"));
}

fn op() -> impl Strategy<Value = OpInfo> {
    let names = proptest::option::of(proptest::collection::vec("\\PC{0,6}", 0..3));
    let text = || proptest::option::of("\\PC{0,4}");
    let output = proptest::option::of(
        ("\\PC{0,6}", any::<u32>(), text(), text())
            .prop_map(|(name, index, format, data_type)| OutputOrigin { name, index, format, data_type }),
    );
    ("\\PC{0,8}", "[A-Z][a-z]*", names, output).prop_map(|(name, op_type, original_op_names, output)| {
        OpInfo { name, op_type, original_op_names, output }
    })
}

proptest! {
    #[test]
    fn reading_back_gives_the_same_value_and_text(
        name in "\\PC{0,8}",
        ops in proptest::collection::vec(op(), 0..5),
    ) {
        let info = QuantInfo { name, ops };
        let text = info.to_json();
        let read = QuantInfo::from_json(&text).unwrap();
        prop_assert_eq!(&read, &info);
        prop_assert_eq!(read.to_json(), text);
    }
}

#[test]
fn nodes_that_stand_for_the_same_originals_are_marked_as_several() {
    let mut info = sample();
    let quant = OpInfo {
        name: "net/conv/act_quant/AscendQuant".into(),
        op_type: "AscendQuant".into(),
        original_op_names: info.ops[2].original_op_names.clone(),
        output: None,
    };
    info.ops.insert(2, quant);
    info.ops.push(OpInfo {
        name: "relu".into(),
        op_type: "Relu".into(),
        original_op_names: Some(strings(&["relu"])),
        output: None,
    });
    let file: serde_json::Value = serde_json::from_str(&info.to_json()).unwrap();
    let marked = file["graph"][0]["op"].as_array().unwrap().iter().map(|op| {
        let attributes = op["attr"].as_array().map_or(&[][..], Vec::as_slice);
        attributes
            .iter()
            .any(|attribute| attribute["key"] == "_datadump_is_multiop" && attribute["value"]["b"] == true)
    });
    // The input, an inserted constant, the two of the layer, an ordinary node.
    assert_eq!(marked.collect::<Vec<_>>(), [false, false, true, true, false]);
    assert_eq!(QuantInfo::from_json(&info.to_json()).unwrap(), info);
}

#[test]
fn a_node_has_the_value_of_its_output_or_of_its_only_origin() {
    let info = sample();
    let origins: Vec<_> = info.ops.iter().map(OpInfo::origin).collect();
    assert_eq!(origins, [Some(("input", 0)), None, Some(("net/bn/FusedBatchNormV3", 0))]);
    let op = |names: &[&str]| OpInfo { original_op_names: Some(strings(names)), ..OpInfo::default() };
    assert_eq!(op(&["a"]).origin(), Some(("a", 0)));
    assert_eq!(op(&["a", "b"]).origin(), None);
}
