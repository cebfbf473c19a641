//! Tests of the checks of a record's values, each with its text.

use super::*;

fn error(change: impl FnOnce(&mut RecordEntry)) -> String {
    let mut entry = conv();
    entry.key = "L".into();
    change(&mut entry);
    entry.validate().unwrap_err().to_string()
}

#[test]
fn a_sound_entry_passes() {
    assert_eq!(conv().validate(), Ok(()));
    let full = RecordEntry {
        shift_bit: vec![1, 16],
        cluster: vec![0; 16],
        tensor_balance_factor: vec![f32::EPSILON, 8388608.0],
        act_type: Some("INT8".into()),
        ..conv()
    };
    assert_eq!(full.validate(), Ok(()));
    let marker = RecordEntry { key: "L".into(), skip_fusion: Some(true), ..RecordEntry::default() };
    assert_eq!(marker.validate(), Ok(()));
}

#[test]
fn an_empty_record_is_an_unfinished_calibration() {
    assert_eq!(
        Record::default().validate().unwrap_err().to_string(),
        "record_file is empty, no layers to be quantized. Please ensure calibration is finished by checking \
         information!"
    );
}

#[test]
fn the_activation_needs_both_factors() {
    let text = "of layer L in record_file, please check data calibration process!";
    assert_eq!(error(|entry| entry.scale_d = None), format!("cannot find scale_d {text}"));
    assert_eq!(error(|entry| entry.offset_d = None), format!("cannot find offset_d {text}"));
}

#[test]
fn types_are_int8() {
    let text = "INT4 in record file (layer L, accepted: INT8)";
    let int4 = || Some("INT4".to_owned());
    assert_eq!(error(|entry| entry.dst_type = int4()), format!("Do not support dst_type {text}"));
    assert_eq!(error(|entry| entry.act_type = int4()), format!("Do not support act_type {text}"));
    assert_eq!(error(|entry| entry.wts_type = int4()), format!("Do not support wts_type {text}"));
}

#[test]
fn a_pool_in_int4_has_its_own_text() {
    let pool = RecordEntry { key: "net/AvgPool".into(), dst_type: Some("INT4".into()), ..conv() };
    assert_eq!(
        pool.validate().unwrap_err().to_string(),
        "AvgPool in INT4 not supported. Please Check record file. (layer net/AvgPool)"
    );
}

#[test]
fn the_precision_mode_is_one_of_two() {
    let mode = |mode: &str| {
        let entry = RecordEntry { fakequant_precision_mode: Some(mode.to_owned()), ..conv() };
        (entry.validate().map_err(|error| error.to_string()), entry.forces_fp16())
    };
    assert_eq!(mode("DEFAULT"), (Ok(()), false));
    assert_eq!(mode("FORCE_FP16_QUANT"), (Ok(()), true));
    let (refused, forces) = mode("fp16");
    let text = "Do not support fakequant_precision_mode fp16 in record file \
                (layer net/conv/Conv2D, accepted: DEFAULT, FORCE_FP16_QUANT)";
    assert_eq!((refused, forces), (Err(text.into()), false));
}

#[test]
fn lists_of_the_weights_are_of_equal_length() {
    assert_eq!(
        error(|entry| entry.offset_w.push(0)),
        "scale_w's length, offset_w's length should be equal in layer L. (found 2, 3)"
    );
    assert_eq!(
        error(|entry| entry.shift_bit = vec![0]),
        "scale_w's length, offset_w's length and shift_bit's length should be equal in layer L. (found 2, 2, 1)"
    );
}

#[test]
fn ranges() {
    assert_eq!(
        error(|entry| entry.offset_d = Some(-129)),
        "offset_d's value should be in [-128, 127] in layer L. (found -129)"
    );
    assert_eq!(
        error(|entry| entry.offset_w = vec![0, 1]),
        "offset_w's value should be 0 in layer L. (found 1)"
    );
    assert_eq!(
        error(|entry| entry.shift_bit = vec![0, 1]),
        "shift_bit's value shoule be in [1, 16] or all be 0 in layer L (found 0)"
    );
    assert_eq!(
        error(|entry| entry.shift_bit = vec![1, 17]),
        "shift_bit's value shoule be in [1, 16] or all be 0 in layer L (found 17)"
    );
    assert_eq!(
        error(|entry| entry.cluster = vec![0; 15]),
        "The length of cluster center is 16 or 32, but is 15 in layer L"
    );
    assert_eq!(
        error(|entry| entry.cluster = vec![128; 16]),
        "Cluster center should between [-128, 127], but is 128 in layer L"
    );
}

#[test]
fn scales_are_positive_and_finite() {
    for bad in [0.0, -0.0, -1.0, f32::INFINITY, f32::NAN] {
        let text = "value shoule be in positivate range of float32 in layer L.";
        assert!(error(|entry| entry.scale_d = Some(bad)).starts_with(&format!("scale_d's {text}")));
        assert!(error(|entry| entry.scale_w = vec![1.0, bad]).starts_with(&format!("scale_w's {text}")));
    }
}

#[test]
fn balance_factors_are_checked_even_alone() {
    for bad in [0.0, f32::EPSILON / 2.0, 8388609.0, f32::NAN] {
        let entry =
            RecordEntry { key: "L".into(), tensor_balance_factor: vec![1.0, bad], ..RecordEntry::default() };
        let error = entry.validate().unwrap_err().to_string();
        assert!(
            error.starts_with(
                "tensor_balance_factor's value shoule be in range[FLT_EPSILON, 1/FLT_EPSILON] of float32 in layer L"
            ),
            "{error}"
        );
    }
}
