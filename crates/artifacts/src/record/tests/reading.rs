//! Tests of reading records: hand-written forms, repeated fields, error places.

use super::*;
use amct_tensor::Chain;

fn error(text: &str) -> String {
    let error = Chain(&Record::parse(text).unwrap_err()).to_string();
    let opening =
        "the record_file cannot be parsered, please ensure it matches with scale_offset_record.proto! ";
    error.replace(opening, "!")
}

#[test]
fn hand_written_forms_are_read() {
    let text = "# by hand\nrecord: {\n key : 'net/' \"conv/Conv2D\" ;\n\
                value: { scale_d: 0.0235294122f, offset_d: -0x80 scale_w: [0.0128474627, 1.] offset_w: [0, 0] } }";
    assert_eq!(Record::parse(text).unwrap(), Record { entries: vec![conv()] });
}

#[test]
fn the_last_of_a_single_value_counts_and_values_merge() {
    let text = "record { key: 'a' key: 'b' value { scale_d: 1 scale_d: 2 scale_w: 1 } \
                value { scale_w: 3 skip_fusion: true } }";
    let record = Record::parse(text).unwrap();
    let entry = record.get("b").unwrap();
    assert_eq!((entry.scale_d, entry.scale_w.as_slice()), (Some(2.0), [1.0, 3.0].as_slice()));
    assert!(entry.skips_fusion());
}

#[test]
fn of_two_records_with_one_key_the_last_counts() {
    let text = "record { key: 'a' value { scale_d: 1 } } record { key: 'a' value { scale_d: 2 } }";
    let record = Record::parse(text).unwrap();
    assert_eq!(record.get("a").and_then(|entry| entry.scale_d), Some(2.0));
    assert_eq!(record.get("b"), None);
}

#[test]
fn what_is_not_finite_parses_and_fails_the_check() {
    let text = "record { key: 'a' value { scale_d: inf offset_d: 0 } }";
    let record = Record::parse(text).unwrap();
    assert_eq!(record.entries[0].scale_d, Some(f32::INFINITY));
    assert!(record.validate().is_err());
}

#[test]
fn errors_name_the_field_and_the_place() {
    for (text, message) in [
        ("rec {}", "!1:1: unknown field \"rec\" (accepted: record)"),
        ("record {\n name: 'a' }", "!2:2: unknown field \"name\" (accepted: key, value)"),
        ("record { value {} }", "1:1: Cannot find \"key\" in record file."),
        ("\nrecord { key: 'a' }", "2:1: cannot find 'value' in a in record_file."),
        ("record: 1", "!1:1: \"record\" holds a value, where { fields } are expected"),
        ("record { key { } }", "!1:10: \"key\" holds { fields }, where a value is expected"),
        (
            "record { key: 'a' value {\n scale_d: 'x' } }",
            "!2:11: scale_d is \"x\", where a number is expected",
        ),
        (
            "record { key: 'a' value { shift_bit: -1 } }",
            "!1:38: shift_bit is -1, where a 32-bit integer not below zero is expected",
        ),
        (
            "record {",
            "!1:9: found the end of the text, where the end of \"record\" that begins at 1:1 is expected",
        ),
    ] {
        assert_eq!(error(text), message);
    }
    assert!(
        error("record { value { scale_x: 1 } }")
            .starts_with("!1:18: unknown field \"scale_x\" (accepted: scale_d, offset_d, scale_w,")
    );
}

#[test]
fn a_tensor_key_ends_in_its_input() {
    let tensor = |key: &str| {
        RecordEntry { key: key.into(), ..conv() }.tensor().map(|(node, index)| (node.to_owned(), index))
    };
    assert_eq!(tensor("net/pool:1"), Some(("net/pool".into(), 1)));
    assert_eq!(tensor("net/pool"), None);
    assert_eq!(tensor("net/pool:x"), None);
}
