//! Tests that records are written as AMCT writes them and read back the same.

use super::*;
use amct_tensor::Chain;
use expect_test::expect;
use proptest::prelude::*;

/// The form of a real file: arbitrary order, a pool without weights, numbers of both lengths.
const REAL_FORM: &str = r#"record {
  key: "MobilenetV2/expanded_conv_2/depthwise/depthwise"
  value {
    scale_d: 0.0235294122
    offset_d: -128
    scale_w: 0.0128474627
    scale_w: 1.46007669e-05
    scale_w: 1
    offset_w: 0
    offset_w: 0
    offset_w: 0
  }
}
record {
  key: "MobilenetV2/Logits/AvgPool"
  value {
    scale_d: 0.024
    offset_d: -128
  }
}
record {
  key: "MobilenetV2/Conv/Conv2D"
  value {
    scale_d: 0.0078125
    offset_d: 0
    scale_w: 0.0321432
    offset_w: 0
  }
}
"#;

#[test]
fn a_file_of_the_real_form_comes_back_byte_for_byte() {
    let record = Record::parse(REAL_FORM).unwrap();
    assert_eq!(record.validate(), Ok(()));
    assert_eq!(record.entries.len(), 3);
    assert_eq!(record.to_text(), REAL_FORM);
}

#[test]
fn every_field_in_the_order_of_its_number() {
    let entry = RecordEntry {
        shift_bit: vec![1, 16],
        cluster: vec![-128, 127],
        skip_fusion: Some(false),
        dst_type: Some("INT8".into()),
        prune_producer: vec!["a".into()],
        prune_consumer: vec!["b".into(), "c".into()],
        tensor_balance_factor: vec![0.948_409_56],
        act_type: Some("INT8".into()),
        wts_type: Some("INT8".into()),
        fakequant_precision_mode: Some("FORCE_FP16_QUANT".into()),
        ..conv()
    };
    expect![[r#"
        record {
          key: "net/conv/Conv2D"
          value {
            scale_d: 0.0235294122
            offset_d: -128
            scale_w: 0.0128474627
            scale_w: 1
            offset_w: 0
            offset_w: 0
            shift_bit: 1
            shift_bit: 16
            cluster: -128
            cluster: 127
            skip_fusion: false
            dst_type: "INT8"
            prune_producer: "a"
            prune_consumer: "b"
            prune_consumer: "c"
            tensor_balance_factor: 0.948409557
            act_type: "INT8"
            wts_type: "INT8"
            fakequant_precision_mode: "FORCE_FP16_QUANT"
          }
        }
    "#]]
    .assert_eq(&Record { entries: vec![entry] }.to_text());
}

#[test]
fn a_file_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tmp/record.txt");
    let record = Record { entries: vec![conv()] };
    record.write(&path).unwrap();
    assert_eq!(Record::read(&path).unwrap(), record);
    std::fs::write(&path, "records {}").unwrap();
    let error = Chain(&Record::read(&path).unwrap_err()).to_string();
    assert!(error.contains("record.txt: ") && error.contains("1:1: unknown field \"records\""), "{error}");
}

fn finite() -> impl Strategy<Value = f32> {
    any::<u32>().prop_map(f32::from_bits).prop_filter("a NaN equals nothing", |value| !value.is_nan())
}

fn entry() -> impl Strategy<Value = RecordEntry> {
    let factors = (
        proptest::option::of(finite()),
        any::<Option<i32>>(),
        proptest::collection::vec(finite(), 0..5),
        proptest::collection::vec(any::<i32>(), 0..5),
        proptest::collection::vec(any::<u32>(), 0..5),
        proptest::collection::vec(finite(), 0..3),
    );
    ("\\PC{0,12}", factors, any::<Option<bool>>(), proptest::option::of("\\PC{0,5}")).prop_map(
        |(key, (scale_d, offset_d, scale_w, offset_w, shift_bit, factors), skip_fusion, act_type)| {
            RecordEntry {
                key,
                scale_d,
                offset_d,
                scale_w,
                cluster: offset_w.clone(),
                offset_w,
                shift_bit,
                tensor_balance_factor: factors,
                skip_fusion,
                prune_producer: act_type.iter().cloned().collect(),
                act_type,
                ..RecordEntry::default()
            }
        },
    )
}

proptest! {
    #[test]
    fn reading_back_gives_the_same_value_and_text(entries in proptest::collection::vec(entry(), 0..4)) {
        let record = Record { entries };
        let text = record.to_text();
        let read = Record::parse(&text).unwrap();
        prop_assert_eq!(&read, &record);
        prop_assert_eq!(read.to_text(), text);
    }
}
