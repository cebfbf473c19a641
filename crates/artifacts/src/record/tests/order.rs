//! Of several faults the one that AMCT finds first is reported.

use super::*;
use std::collections::BTreeMap;

fn graph() -> BTreeMap<String, RecordLayer> {
    let conv = RecordLayer {
        op_type: "Conv2D".into(),
        quantizable: true,
        reason: None,
        takes_tensors: false,
        weight_channels: Some(2),
        input_channels: Some(3),
        shift_bit: ShiftBit::Required,
    };
    let relu = RecordLayer { op_type: "Relu".into(), quantizable: false, ..conv.clone() };
    BTreeMap::from([("conv".into(), conv), ("relu".into(), relu)])
}

/// How a fault is mended, and how its text begins.
type Fault = (fn(&mut RecordEntry), &'static str);

/// Every check of one entry, first to last. What mends a fault may bring in a later one.
const FAULTS: [Fault; 22] = [
    (|entry| entry.key = "relu".into(), "find conw failure in net.pb. Please match net.pb and"),
    (|entry| entry.key = "conv".into(), "layer relu cannot be quantized"),
    (
        |entry| {
            entry.scale_d = Some(-1.0);
            entry.shift_bit.clear();
        },
        "cannot find scale_d of layer conv in record_file, please check",
    ),
    (|entry| entry.offset_d = Some(128), "cannot find offset_d of layer conv in record_file, please check"),
    (|entry| entry.dst_type = None, "Do not support dst_type INT2 in record file"),
    (|entry| entry.act_type = None, "Do not support act_type INT2 in record file"),
    (|entry| entry.wts_type = None, "Do not support wts_type INT2 in record file"),
    (|entry| entry.fakequant_precision_mode = None, "Do not support fakequant_precision_mode FP8 in record"),
    (|entry| entry.scale_w = vec![-1.0; 3], "cannot find scale_w of layer conv in record_file"),
    (|entry| entry.offset_w = vec![1; 3], "cannot find offset_w of layer conv in record_file"),
    (|entry| entry.shift_bit = vec![0, 17], "cannot find shift_bit of layer conv in record_file"),
    (
        |entry| entry.shift_bit.push(0),
        "scale_w's length, offset_w's length and shift_bit's length should be equal",
    ),
    (
        |entry| {
            entry.scale_w.truncate(2);
            entry.offset_w.truncate(2);
            entry.shift_bit.truncate(2);
        },
        "scale_w's length, offset_w's length and shift_bit's length(3) should be equal to the 2 when channel_wise",
    ),
    (|entry| entry.cluster = vec![128; 16], "The length of cluster center is 16 or 32, but is 1"),
    (|entry| entry.cluster = vec![-128; 32], "Cluster center should between [-128, 127], but is 128"),
    (|entry| entry.offset_d = Some(127), "offset_d's value should be in [-128, 127] in layer conv."),
    (|entry| entry.offset_w = vec![0; 2], "offset_w's value should be 0 in layer conv."),
    (
        |entry| entry.scale_d = Some(1.0),
        "scale_d's value shoule be in positivate range of float32 in layer conv.",
    ),
    (
        |entry| entry.scale_w = vec![1.0; 2],
        "scale_w's value shoule be in positivate range of float32 in layer conv",
    ),
    (
        |entry| entry.shift_bit = vec![1, 16],
        "shift_bit's value shoule be in [1, 16] or all be 0 in layer conv",
    ),
    (
        |entry| entry.tensor_balance_factor.push(1.0),
        "tensor_balance_factor's length: 2 should be equal to the channel length of inputs of layer conv: 3",
    ),
    (
        |entry| entry.tensor_balance_factor = vec![1.0; 3],
        "tensor_balance_factor's value shoule be in range[FLT_EPSILON, 1/FLT_EPSILON] of float32 in layer conv",
    ),
];

#[test]
fn the_first_fault_counts() {
    let mut entry = RecordEntry {
        key: "conw".into(),
        cluster: vec![0],
        dst_type: Some("INT2".into()),
        act_type: Some("INT2".into()),
        wts_type: Some("INT2".into()),
        fakequant_precision_mode: Some("FP8".into()),
        tensor_balance_factor: vec![0.0; 2],
        // Something that makes it more than a marker.
        shift_bit: vec![1],
        ..RecordEntry::default()
    };
    let check = |entry: &RecordEntry| {
        let record = Record { entries: vec![entry.clone()] };
        record.check_graph(&graph(), "net.pb").map_err(|error| error.to_string())
    };
    for (mend, text) in FAULTS {
        let found = check(&entry).unwrap_err();
        assert!(found.starts_with(text), "{found}\n{text}");
        mend(&mut entry);
    }
    assert_eq!(check(&entry), Ok(()));
}

#[test]
fn entries_are_checked_one_after_the_other() {
    let record = Record {
        entries: vec![
            RecordEntry { key: "conv".into(), scale_d: Some(1.0), ..RecordEntry::default() },
            RecordEntry { key: "conw".into(), scale_d: Some(1.0), ..RecordEntry::default() },
        ],
    };
    let error = record.check_graph(&graph(), "net.pb").unwrap_err().to_string();
    assert!(error.starts_with("cannot find offset_d of layer conv"), "{error}");
}
