//! Tests of a record against the nodes of a graph.

use super::*;
use std::collections::BTreeMap;

fn graph() -> BTreeMap<String, RecordLayer> {
    let node = |op_type: &str, weight_channels, input_channels| RecordLayer {
        op_type: op_type.into(),
        quantizable: op_type != "Relu",
        reason: None,
        takes_tensors: op_type == "Relu",
        weight_channels,
        input_channels,
        shift_bit: ShiftBit::Optional,
    };
    BTreeMap::from([
        ("conv".into(), node("Conv2D", Some(2), Some(3))),
        ("fc".into(), node("MatMul", Some(1), Some(8))),
        ("pool".into(), node("AvgPool", None, None)),
        ("relu".into(), node("Relu", None, None)),
    ])
}

fn check_in(
    graph: &BTreeMap<String, RecordLayer>,
    key: &str,
    change: impl FnOnce(&mut RecordEntry),
) -> Result<(), String> {
    let mut entry = RecordEntry { key: key.into(), ..conv() };
    change(&mut entry);
    Record { entries: vec![entry] }.check_graph(graph, "net.pb").map_err(|error| error.to_string())
}

fn check(key: &str, change: impl FnOnce(&mut RecordEntry)) -> Result<(), String> {
    check_in(&graph(), key, change)
}

fn without_weights(entry: &mut RecordEntry) {
    entry.scale_w.clear();
    entry.offset_w.clear();
}

fn per_tensor(entry: &mut RecordEntry) {
    entry.scale_w.truncate(1);
    entry.offset_w.truncate(1);
}

#[test]
fn what_fits_the_graph_passes() {
    assert_eq!(check("conv", |_| {}), Ok(()));
    assert_eq!(check("conv", per_tensor), Ok(()));
    assert_eq!(check("conv", |entry| entry.tensor_balance_factor = vec![1.0; 3]), Ok(()));
    assert_eq!(check("conv", |entry| entry.shift_bit = vec![1, 2]), Ok(()));
    assert_eq!(check("fc", per_tensor), Ok(()));
    assert_eq!(check("pool", without_weights), Ok(()));
    assert_eq!(check("relu:0", without_weights), Ok(()));
    let marker = |entry: &mut RecordEntry| {
        *entry = RecordEntry { key: "relu".into(), skip_fusion: Some(true), ..RecordEntry::default() };
    };
    assert_eq!(check("relu", marker), Ok(()));
}

#[test]
fn keys_are_quantizable_nodes() {
    assert_eq!(
        check("conw", |_| {}),
        Err("find conw failure in net.pb. Please match net.pb and the record file.".into())
    );
    assert_eq!(check("relu", |_| {}), Err("layer relu cannot be quantized (its type is Relu)".into()));
    assert_eq!(
        check("pool:0", without_weights),
        Err("layer pool:0 cannot be quantized (its type is AvgPool)".into())
    );
    let mut graph = graph();
    let conv = RecordLayer {
        quantizable: false,
        reason: Some("its weights are fed".into()),
        ..graph["conv"].clone()
    };
    graph.insert("conv".into(), conv);
    assert_eq!(
        check_in(&graph, "conv", |_| {}),
        Err("layer conv cannot be quantized (its type is Conv2D; its weights are fed)".into())
    );
    assert!(check("conw:0", without_weights).unwrap_err().starts_with("find conw:0 failure"));
}

#[test]
fn factors_of_the_weights_fit_the_layer() {
    assert_eq!(
        check("conv", without_weights),
        Err("cannot find scale_w of layer conv in record_file".into())
    );
    assert_eq!(
        check("conv", |entry| entry.offset_w.clear()),
        Err("cannot find offset_w of layer conv in record_file".into())
    );
    assert_eq!(check("pool", |_| {}), Err("find undesirable scale_w of layer pool in record_file".into()));
    assert_eq!(
        check("pool", |entry| entry.scale_w.clear()),
        Err("find undesirable offset_w of layer pool in record_file".into())
    );
    assert_eq!(
        check("relu:0", |_| {}),
        Err("find undesirable scale_w of layer relu:0 in record_file".into())
    );
    assert_eq!(
        check("fc", |_| {}),
        Err("scale_w's length, offset_w's length(2) should be equal to the 1 when channel_wise be True. \
             Cannot support to quantize fc"
            .into())
    );
    assert_eq!(
        check("conv", |entry| {
            entry.scale_w = vec![1.0; 3];
            entry.offset_w = vec![0; 3];
            entry.shift_bit = vec![1; 3];
        }),
        Err("scale_w's length, offset_w's length and shift_bit's length(3) should be equal to the 2 when \
             channel_wise be True. Cannot support to quantize conv"
            .into())
    );
}

#[test]
fn shift_bit_follows_the_layers_rule() {
    let mut graph = graph();
    let mut conv = graph["conv"].clone();
    conv.shift_bit = ShiftBit::Required;
    graph.insert("conv".into(), conv.clone());
    assert_eq!(
        check_in(&graph, "conv", |_| {}),
        Err("cannot find shift_bit of layer conv in record_file".into())
    );
    conv.shift_bit = ShiftBit::Forbidden;
    graph.insert("conv".into(), conv);
    assert_eq!(
        check_in(&graph, "conv", |entry| entry.shift_bit = vec![0, 0]),
        Err("shift_bit is not support, please delete shift_bit of layer conv in record_file".into())
    );
    let tensor = check("relu:0", |entry| {
        without_weights(entry);
        entry.shift_bit = vec![0];
    });
    assert!(tensor.unwrap_err().starts_with("shift_bit is not support"));
}

#[test]
fn balance_factors_fit_the_input() {
    assert_eq!(
        check("conv", |entry| entry.tensor_balance_factor = vec![1.0; 2]),
        Err("tensor_balance_factor's length: 2 should be equal to the channel length of inputs of layer conv: 3. \
             Cannot support to quantize conv"
            .into())
    );
    let error = check("pool", |entry| {
        without_weights(entry);
        entry.tensor_balance_factor = vec![1.0];
    });
    assert!(error.unwrap_err().starts_with("tensor_balance_factor is not support, please delete"));
    let error = check("relu:0", |entry| {
        without_weights(entry);
        entry.tensor_balance_factor = vec![1.0];
    });
    assert!(error.unwrap_err().starts_with("tensor_balance_factor is not support, please delete"));
}

#[test]
fn an_empty_record_fits_no_graph() {
    let error = Record::default().check_graph(&graph(), "net.pb").unwrap_err();
    assert!(error.to_string().starts_with("record_file is empty, no layers to be quantized."));
}
