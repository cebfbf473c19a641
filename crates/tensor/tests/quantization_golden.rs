//! Scale processing, dequantize words and biases against recorded results of AMCT's kernels.
#![allow(clippy::unwrap_used, reason = "clippy knows only functions marked as tests")]

use amct_tensor::quantization::{DeqScale, process_scale, quantize_bias};
use serde_json::Value;

fn read(file: &str) -> Value {
    let path = format!("{}/../../tests/golden/amct/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// A number as the files write it: plain, a name for a non-finite one, or an object with its bits.
fn float(value: &Value) -> f32 {
    match value {
        Value::String(name) => name.parse().unwrap(),
        Value::Object(fields) => {
            let bits = fields["bits"].as_str().unwrap().strip_prefix("0x").unwrap();
            f32::from_bits(u32::from_str_radix(bits, 16).unwrap())
        }
        number => number.as_f64().unwrap() as f32,
    }
}

fn floats(values: &Value) -> Vec<f32> {
    values.as_array().unwrap().iter().map(float).collect()
}

#[test]
fn scales_are_processed_as_by_amct() {
    let file = read("process_scale.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 17);
    for case in cases {
        let found = process_scale(float(&case["in"]));
        match case["ret"].as_i64().unwrap() {
            0 => assert_eq!(found.map(f32::to_bits), Ok(float(&case["out"]).to_bits()), "{case}"),
            _ => assert!(found.is_err(), "{case}: {found:?}"),
        }
    }
}

#[test]
fn dequantize_words_have_the_layout_of_the_ops() {
    let file = read("bias_deq.json");
    let cases = file["deq_scale"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let scale = DeqScale::new(float(&case["scale_d"]), float(&case["scale_w"]));
        assert_eq!(scale.scale.to_bits(), float(&case["deq_scale_f32"]).to_bits(), "{case}");
        let word = DeqScale {
            shift_n: case["shift_n"].as_u64().unwrap().try_into().unwrap(),
            offset_w: case["offset_w"].as_i64().unwrap().try_into().unwrap(),
            ..scale
        };
        let expected: u64 = case["packed_u64"].as_str().unwrap().parse().unwrap();
        assert_eq!(word.to_bits(), expected, "{case}");
        assert_eq!(DeqScale::from_bits(expected), word, "{case}");
        assert_eq!(scale.shifted(word.shift_n).to_bits(), expected & 0xFF_FFFF_FFFF, "{case}");
        // FORCE_FP16_QUANT cuts the scale and leaves the other fields.
        assert_eq!(word.truncated().to_bits(), expected & 0xFFFF_FFFF_FFFF_E000, "{case}");
    }
}

/// One recorded bias rounds to 2^31, which AMCT's check lets pass though int32 ends below; here it
/// is refused like every other value that does not fit.
#[test]
fn biases_are_rounded_half_to_even_and_checked() {
    let file = read("bias_deq.json");
    let cases = file["bias"].as_array().unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let found = quantize_bias(&floats(&case["bias"]), float(&case["scale_d"]), &floats(&case["scale_w"]));
        let recorded = case["bias_int32"].as_array();
        let expected: Option<Vec<i32>> = recorded
            .and_then(|biases| biases.iter().map(|bias| bias.as_i64().unwrap().try_into().ok()).collect());
        match expected {
            Some(expected) => assert_eq!(found, Ok(expected), "{case}"),
            None => {
                let rounded = float(&case["rounded_float"][0]);
                assert_eq!(found.map_err(|error| (error.channel, error.value)), Err((0, rounded)), "{case}");
            }
        }
    }
}
