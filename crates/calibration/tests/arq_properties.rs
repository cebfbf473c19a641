//! ARQ's layouts, edges and errors.

use amct_calibration::arq::{
    ArqError, ChannelLayout, Division, WeightParams, calibrate, calibrate_asymmetric, fake_quantize,
    fake_quantize_asymmetric, quantize, quantize_asymmetric,
};
use amct_tensor::quantization::ScaleError;

/// H 2, W 1, Cout 3, Cin 2: channel 0 holds 1s, channel 1 holds -2s, channel 2 zeros.
const TRANSPOSED: [f32; 12] = [1.0, 0.5, -2.0, -1.0, 0.0, 0.0, 1.0, 1.0, 0.3, -2.0, 0.0, 0.0];

#[test]
fn a_transposed_convolution_has_its_channels_on_axis_2() {
    let layout = ChannelLayout::axis(&[2, 1, 3, 2], 2).unwrap();
    let scales = calibrate(&TRANSPOSED, layout, 8).unwrap();
    assert_eq!(scales, [1.0 / 127.0, 2.0 / 128.0, 1.0]);
    let integers = quantize(&TRANSPOSED, &scales, layout, Division::F64).unwrap();
    assert_eq!(integers, [127, 64, -128, -64, 0, 0, 127, 127, 19, -128, 0, 0]);
    let fake = fake_quantize(&integers, &scales, layout).unwrap();
    assert_eq!(fake[3], -1.0);
    assert_eq!(fake[8], 19.0 * scales[1]);
}

#[test]
fn a_depthwise_filter_has_a_scale_per_input_and_multiplier() {
    // H 2, W 1, C 2, M 2.
    let weights = [1.0, -2.0, 3.0, -4.0, 0.5, -1.0, -6.0, 2.0];
    let scales = calibrate(&weights, ChannelLayout::innermost(2 * 2), 8).unwrap();
    assert_eq!(scales, [1.0 / 127.0, 2.0 / 128.0, 6.0 / 128.0, 4.0 / 128.0]);
    assert_eq!(calibrate(&weights, ChannelLayout::per_tensor(), 8).unwrap(), [6.0 / 128.0]);
}

#[test]
fn fewer_bits_have_fewer_levels() {
    let weights = [-0.75, 0.7];
    let params: Vec<_> = calibrate(&weights, ChannelLayout::innermost(2), 4)
        .unwrap()
        .into_iter()
        .map(|scale| WeightParams { scale, offset: 0 })
        .collect();
    assert_eq!(params.iter().map(|p| p.scale).collect::<Vec<_>>(), [0.75 / 8.0, 0.7 / 7.0]);
    let layout = ChannelLayout::innermost(2);
    let integers = quantize_asymmetric(&[-9.0, 9.0], &params, layout, 4, Division::F64).unwrap();
    assert_eq!(integers, [-8, 7]);
}

#[test]
fn asymmetric_weights_use_both_ends() {
    let weights = [-1.0, 0.0, 3.0];
    let params = calibrate_asymmetric(&weights, ChannelLayout::per_tensor(), 8).unwrap();
    assert_eq!(params, [WeightParams { scale: 4.0 / 255.0, offset: -64 }]);
    let layout = ChannelLayout::per_tensor();
    let integers = quantize_asymmetric(&weights, &params, layout, 8, Division::F64).unwrap();
    assert_eq!(integers, [-128, -64, 127]);
    let fake = fake_quantize_asymmetric(&integers, &params, layout).unwrap();
    assert_eq!(fake, [-64.0 * params[0].scale, 0.0, 191.0 * params[0].scale]);
}

#[test]
fn what_cannot_be_calibrated_is_refused() {
    let tensor = ChannelLayout::per_tensor();
    let cases: [(&[f32], ChannelLayout, u32, ArqError); 6] = [
        (&[], tensor, 8, ArqError::Empty),
        (&[1.0, f32::NAN], tensor, 8, ArqError::NotANumber { index: 1 }),
        (&[1.0; 5], ChannelLayout::innermost(2), 8, ArqError::Layout { weights: 5, channels: 2, run: 1 }),
        (&[1.0], tensor, 1, ArqError::NumBits(1)),
        (&[1.0], tensor, 9, ArqError::NumBits(9)),
        (&[f32::INFINITY], tensor, 8, ArqError::Scale(ScaleError::NotFinite(f32::INFINITY))),
    ];
    for (weights, layout, bits, error) in cases {
        assert_eq!(calibrate(weights, layout, bits), Err(error), "{weights:?}");
        assert_eq!(calibrate_asymmetric(weights, layout, bits), Err(error), "{weights:?}");
        assert!(!error.to_string().is_empty());
    }
    let beyond = calibrate(&[1.1e9], tensor, 8);
    assert!(matches!(beyond, Err(ArqError::Scale(ScaleError::TooLarge(_)))), "{beyond:?}");
    let scales = quantize(&[1.0, 2.0], &[0.1], ChannelLayout::innermost(2), Division::F64);
    assert_eq!(scales, Err(ArqError::Scales { expected: 2, found: 1 }));
}
