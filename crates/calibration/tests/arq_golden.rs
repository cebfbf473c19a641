//! ARQ against AMCT's C++ kernel: `arq.json` by its f32 division, `arq_double_path.json` by f64.
#![allow(clippy::unwrap_used, reason = "clippy knows only functions marked as tests")]

use amct_calibration::arq::{
    ArqError, ChannelLayout, Division, WeightParams, calibrate, calibrate_asymmetric, fake_quantize,
    quantize, quantize_asymmetric,
};
use serde_json::Value;

use crate::golden;

fn layout(case: &Value) -> ChannelLayout {
    let shape: Vec<usize> = case["shape"].as_array().unwrap().iter().map(golden::size).collect();
    match (case["channel_wise"].as_bool().unwrap(), case["layout"].as_str().unwrap()) {
        (false, _) => ChannelLayout::per_tensor(),
        (true, "HWIO") => ChannelLayout::innermost(*shape.last().unwrap()),
        (true, "cout_first") => ChannelLayout::axis(&shape, 0).unwrap(),
        (true, other) => panic!("layout {other}"),
    }
}

fn params(case: &Value, weights: &[f32], bits: u32) -> Result<Vec<WeightParams>, ArqError> {
    if case["with_offset"].as_bool().unwrap() {
        return calibrate_asymmetric(weights, layout(case), bits);
    }
    let scales = calibrate(weights, layout(case), bits)?;
    Ok(scales.into_iter().map(|scale| WeightParams { scale, offset: 0 }).collect())
}

#[test]
fn scales_offsets_and_integers_are_the_kernels() {
    let file = golden::read("arq.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 9);
    for case in cases {
        let weights = golden::data(&case["data"]);
        let bits = golden::size(&case["num_bits"]) as u32;
        let found = params(case, &weights, bits);
        let (name, expected) = (&case["name"], &case["cpp"]);
        if expected["ret"] != 0 {
            assert_eq!(found, Err(ArqError::NotANumber { index: 1 }), "{name}");
            continue;
        }
        let found = found.unwrap();
        let scales = expected["scale"].as_array().unwrap().iter().map(|scale| golden::float(scale).to_bits());
        assert_eq!(
            found.iter().map(|p| p.scale.to_bits()).collect::<Vec<_>>(),
            scales.collect::<Vec<_>>(),
            "{name}"
        );
        let offsets: Vec<i64> = found.iter().map(|p| p.offset.into()).collect();
        assert_eq!(offsets, golden::integers(&expected["offset"]), "{name}");
        let integers =
            quantize_asymmetric(&weights, &found, layout(case), bits, Division::KernelF32).unwrap();
        let integers: Vec<i64> = integers.into_iter().map(i64::from).collect();
        assert_eq!(integers, golden::integers(&expected["int_weights"]), "{name}");
    }
}

#[test]
fn the_two_divisions_part_where_the_kernels_do() {
    let file = golden::read("arq_double_path.json");
    let cases = file["divergent"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let (weight, scale) = (golden::float(&case["weight"]), golden::float(&case["scale"]));
        for (division, key) in
            [(Division::F64, "int8_f64_division"), (Division::KernelF32, "int8_f32_division")]
        {
            let found = quantize(&[weight], &[scale], ChannelLayout::per_tensor(), division).unwrap();
            assert_eq!(i64::from(found[0]), case[key].as_i64().unwrap(), "{case}");
        }
    }
}

/// Calibrate, overwrite the weights by their fake-quantized values, quantize those.
#[test]
fn the_flow_of_the_front_ends_gives_their_weights() {
    let file = golden::read("arq_double_path.json");
    let flow = &file["flow"];
    let weights = golden::data(&flow["data"]);
    let channels = golden::size(&flow["channels"]);
    let expected = golden::floats(&flow["scale"]);
    let layouts = [ChannelLayout::innermost(channels), ChannelLayout::axis(&[channels, 32], 0).unwrap()];
    let layout = layouts.into_iter().find(|layout| calibrate(&weights, *layout, 8).unwrap() == expected);
    let layout = layout.expect("scales of the file");
    let integers = quantize(&weights, &expected, layout, Division::default()).unwrap();
    let fake = fake_quantize(&integers, &expected, layout).unwrap();
    assert_eq!(fake, golden::floats(&flow["fake_quant_weights"]));
    let again = quantize(&fake, &expected, layout, Division::default()).unwrap();
    assert_eq!(again, integers);
    assert_eq!(again.into_iter().map(i64::from).collect::<Vec<_>>(), golden::integers(&flow["int8"]));
}
