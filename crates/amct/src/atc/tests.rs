//! Tests of what a compiled model tells, on a small dump in ATC's format.

use super::*;

const DUMP: &str = include_str!("../../../../tests/golden/compiled/three_layers_om.json");

fn of(text: &str) -> Result<Compiled, CompiledError> {
    Compiled::of(&CompiledModel::from_json(text).unwrap())
}

/// The stem is fused with its `Relu` and computes in f16; `a` is one operator with its
/// `AscendDequant` and reads through a change of layout; `b` has an `AscendDequant` of its own.
#[test]
fn a_dump_tells_of_each_layer() {
    let compiled = of(DUMP).unwrap();
    assert_eq!(compiled.soc_version.as_deref(), Some("Ascend910A"));
    assert_eq!(compiled.atc_version.as_deref(), Some("1.0"));
    let layer = |name: &str, data_type: &str, quant: Option<&str>| CompiledLayer {
        name: format!("{name}/Conv2D"),
        op_type: "Conv2D".into(),
        dequant: format!("{name}/dequant/AscendDequant"),
        data_type: data_type.into(),
        quant: quant.map(str::to_owned),
    };
    let quant = "a/act_quant/AscendQuant";
    let expected = [
        layer("stem", "DT_FLOAT16", None),
        layer("a", "DT_INT8", Some(quant)),
        layer("b", "DT_INT8", Some(quant)),
    ];
    assert_eq!(compiled.layers, expected);
    let readers = vec!["a/Conv2D".to_owned(), "b/Conv2D".to_owned()];
    assert_eq!(compiled.shared, [SharedQuant { quant: quant.into(), readers }]);
    let back: Vec<&str> = compiled.rolled_back().map(|layer| layer.name.as_str()).collect();
    assert_eq!(back, ["stem/Conv2D"]);
}

/// The second output of an operator is the `AscendQuant`, as where a residual sum is also quantized.
#[test]
fn the_output_that_is_read_tells_the_quantization() {
    let text = r#"{"graph": [{"op": [
        {"name": "in", "type": "Data"},
        {"name": "r/Convr/dequant/AscendDequantr/Reluc/act_quant/AscendQuant", "type": "Conv2D", "input": ["in:0"],
         "input_desc": [{"dtype": "DT_INT8"}],
         "attr": [{"key": "_datadump_original_op_names", "value": {"list":
            {"s": ["r/Conv", "r/dequant/AscendDequant", "r/Relu", "c/act_quant/AscendQuant"]}}}],
         "output_desc": [{"dtype": "DT_FLOAT16", "attr": [{"key": "_datadump_origin_name", "value": {"s": "r/Relu"}}]},
            {"dtype": "DT_INT8", "attr": [{"key": "_datadump_origin_name", "value": {"s": "c/act_quant/AscendQuant"}}]}]},
        {"name": "c", "type": "AscendAntiQuant",
         "input": ["r/Convr/dequant/AscendDequantr/Reluc/act_quant/AscendQuant:1"],
         "attr": [{"key": "_datadump_original_op_names", "value": {"list":
            {"s": ["c/anti_quant/AscendAntiQuant", "c/MaxPool"]}}}]},
        {"name": "d/dequant/AscendDequant", "type": "MatMulV2",
         "input": ["r/Convr/dequant/AscendDequantr/Reluc/act_quant/AscendQuant:1"],
         "input_desc": [{"dtype": "DT_INT8"}]}
    ]}]}"#;
    let compiled = of(text).unwrap();
    let quant = "c/act_quant/AscendQuant".to_owned();
    assert_eq!(compiled.layers[1].quant.as_ref(), Some(&quant));
    let readers = vec!["c/anti_quant/AscendAntiQuant".to_owned(), "d/dequant/AscendDequant".to_owned()];
    assert_eq!(compiled.shared, [SharedQuant { quant, readers }]);
}

#[test]
fn a_model_without_quantized_layers_tells_nothing() {
    let text = r#"{"graph": [{"op": [{"name": "in", "type": "Data"}]}]}"#;
    assert_eq!(of(text), Err(CompiledError::NotQuantized));
    let text = r#"{"graph": [{"op": [{"name": "a/dequant/AscendDequant", "type": "Conv2D"}]}]}"#;
    assert_eq!(of(text), Err(CompiledError::NoType("a/dequant/AscendDequant".into())));
    // Operators that feed each other have no layer before them; that is found out in finite time.
    let text = r#"{"graph": [{"op": [{"name": "a/AscendDequant", "type": "AscendDequant", "input": ["b:0"]},
        {"name": "b", "type": "TransData", "input": ["a/AscendDequant:0"]}]}]}"#;
    assert!(of(text).is_err());
}
