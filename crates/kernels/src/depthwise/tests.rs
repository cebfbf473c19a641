//! Tests of depthwise convolutions against the reference, and of wrong arguments.

use amct_tensor::window::{Axis, Padding};

use super::*;
use crate::samples::{Samples, assert_bits, everywhere};
use crate::{Activation, Norm};

/// Input, kernel, stride, dilation (each height, width), padding, channels, multiplier.
type Case = ((usize, usize), (usize, usize), (usize, usize), (usize, usize), Padding, usize, usize);

const WIDE: Padding = Padding::Explicit([(3, 1), (0, 4)]);
const CASES: &[Case] = &[
    ((1, 1), (1, 1), (1, 1), (1, 1), Padding::Valid, 1, 1),
    ((7, 9), (3, 3), (1, 1), (1, 1), Padding::Same, 8, 1),
    ((7, 9), (3, 3), (2, 2), (1, 1), Padding::Same, 45, 1),
    ((8, 6), (3, 3), (2, 1), (1, 1), Padding::Valid, 32, 1),
    ((9, 11), (3, 3), (1, 1), (2, 2), Padding::Same, 17, 1),
    ((9, 11), (3, 2), (2, 3), (2, 3), WIDE, 71, 1),
    ((4, 3), (5, 7), (1, 1), (1, 1), Padding::Same, 9, 1),
    ((2, 3), (3, 2), (1, 1), (1, 2), Padding::Explicit([(7, 7), (8, 8)]), 10, 1),
    ((7, 9), (3, 3), (1, 1), (1, 1), Padding::Same, 9, 2),
    ((7, 9), (3, 3), (2, 2), (1, 1), WIDE, 3, 5),
    ((0, 9), (3, 3), (2, 2), (1, 1), Padding::Same, 3, 1),
    ((7, 9), (3, 3), (2, 2), (1, 1), Padding::Same, 3, 0),
    ((40, 40), (3, 3), (1, 1), (1, 1), Padding::Same, 24, 1),
    ((14, 14), (3, 3), (1, 1), (1, 1), Padding::Same, 144, 1),
    ((10, 13), (3, 3), (2, 2), (1, 1), Padding::Same, 96, 1),
    ((9, 9), (5, 5), (1, 1), (1, 1), Padding::Same, 64, 1),
    ((3, 40), (7, 5), (1, 2), (2, 3), Padding::Same, 33, 1),
    // Lines in pairs, some alone, over images of odd height; words with and without gaps.
    ((5, 7), (3, 3), (1, 1), (1, 1), Padding::Same, 32, 1),
    ((6, 5), (5, 3), (1, 1), (1, 1), Padding::Same, 144, 1),
    ((7, 6), (3, 3), (1, 1), (1, 1), Padding::Same, 130, 1),
    ((6, 7), (2, 3), (1, 1), (1, 1), WIDE, 24, 1),
    ((5, 8), (1, 3), (1, 1), (1, 1), Padding::Valid, 5, 1),
    ((3, 5), (3, 3), (1, 1), (1, 1), Padding::Explicit([(4, 4), (6, 6)]), 64, 1),
];

fn shape(&(i, k, s, d, padding, channels, multiplier): &Case, batch: usize) -> DepthwiseShape {
    DepthwiseShape {
        batch,
        height: Axis::new(i.0, k.0, s.0, d.0, padding, 0).unwrap(),
        width: Axis::new(i.1, k.1, s.1, d.1, padding, 1).unwrap(),
        channels,
        multiplier,
    }
}

/// The sums themselves.
fn sums(
    input: &[i8],
    zero_offset: i32,
    shape: &DepthwiseShape,
    filter: &PackedDepthwiseI8,
    output: &mut [i32],
) -> Result<(), KernelError> {
    let plain = I32Epilogue::new(filter.out_channels(), filter.limit());
    depthwise_i8(input, zero_offset, shape, filter, &plain, OutputSlice::I32(output))
}

#[test]
fn f32_equals_the_reference_to_the_bit() {
    for (seed, case) in CASES.iter().enumerate() {
        let shape = shape(case, 1 + seed % 2);
        let mut samples = Samples::new(seed as u64);
        let input = samples.f32s(shape.input_len().unwrap());
        let filter = samples.f32s(shape.filter_len().unwrap());
        let bias = samples.f32s(shape.out_channels().unwrap());
        let relu = Epilogue { bias: None, activation: Activation::Relu, ..Epilogue::default() };
        let relu6 = Epilogue { bias: Some(&bias), activation: Activation::Relu6, ..Epilogue::default() };
        let held = samples.f32s(shape.output_len().unwrap());
        let [mean, factor, offset] = [(); 3].map(|()| samples.f32s(shape.out_channels().unwrap()));
        let norm = Norm { mean: &mean, factor: &factor, offset: &offset };
        let adding = Epilogue { norm: Some(norm), accumulate: true, ..relu6 };
        for epilogue in [Epilogue::default(), relu, relu6, adding] {
            let mut expected = held.clone();
            reference::depthwise_f32(&input, &shape, &filter, epilogue, &mut expected).unwrap();
            everywhere(|isa| {
                let mut found = held.clone();
                depthwise_f32_on(isa, &input, &shape, &filter, epilogue, &mut found).unwrap();
                assert_bits(&found, &expected, &format!("{isa:?} {shape:?}"));
            });
        }
    }
}

#[test]
fn f32_carries_nan_and_infinity() {
    let shape = shape(&CASES[2], 1);
    let mut samples = Samples::new(9);
    let mut input = samples.f32s(shape.input_len().unwrap());
    let filter = samples.f32s(shape.filter_len().unwrap());
    input[40] = f32::NAN;
    input[400] = f32::INFINITY;
    for activation in [Activation::None, Activation::Relu, Activation::Relu6] {
        let epilogue = Epilogue { bias: None, activation, ..Epilogue::default() };
        let mut expected = vec![0.0; shape.output_len().unwrap()];
        reference::depthwise_f32(&input, &shape, &filter, epilogue, &mut expected).unwrap();
        assert!(expected.iter().any(|x| x.is_nan()));
        everywhere(|isa| {
            let mut found = vec![0.0; expected.len()];
            depthwise_f32_on(isa, &input, &shape, &filter, epilogue, &mut found).unwrap();
            assert_bits(&found, &expected, &format!("{isa:?} {activation:?}"));
        });
    }
}

#[test]
fn i8_equals_the_reference() {
    for (seed, case) in CASES.iter().enumerate() {
        let shape = shape(case, 1 + seed % 2);
        let mut samples = Samples::new(seed as u64);
        let input = samples.i8s(shape.input_len().unwrap());
        let filter = samples.i8s(shape.filter_len().unwrap());
        for zero_offset in [-128, 0, 17, 127] {
            let mut expected = vec![0; shape.output_len().unwrap()];
            reference::depthwise_i8(&input, zero_offset, &shape, &filter, &mut expected).unwrap();
            everywhere(|isa| {
                let mut found = vec![i32::MIN; expected.len()];
                let window = [shape.height.kernel, shape.width.kernel, shape.channels, shape.multiplier];
                let filter = PackedDepthwiseI8::for_isa(isa, window, &filter).unwrap();
                sums(&input, zero_offset, &shape, &filter, &mut found).unwrap();
                assert_eq!(found, expected, "{isa:?} offset {zero_offset} {shape:?}");
            });
        }
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let shape = shape(&CASES[1], 1);
    let (input, filter, mut output) = (vec![0.0; 7 * 9 * 8], vec![0.0; 9 * 8], vec![0.0; 7 * 9 * 8]);
    let none = Epilogue::default();
    assert!(depthwise_f32(&input, &shape, &filter, none, &mut output).is_ok());
    assert!(depthwise_f32(&input[1..], &shape, &filter, none, &mut output).is_err());
    assert!(depthwise_f32(&input, &shape, &filter[1..], none, &mut output).is_err());
    assert!(depthwise_f32(&input, &shape, &filter, none, &mut output[1..]).is_err());
    let short = Epilogue { bias: Some(&[0.0]), ..none };
    assert!(depthwise_f32(&input, &shape, &filter, short, &mut output).is_err());
    let filter = PackedDepthwiseI8::new([3, 3, 8, 1], &[0; 72]).unwrap();
    let refused = sums(&[0; 504], -129, &shape, &filter, &mut [0; 504]).unwrap_err();
    assert_eq!(refused, KernelError::ZeroOffset { found: -129 });
    let other = PackedDepthwiseI8::new([3, 3, 4, 2], &[0; 72]).unwrap();
    let refused = sums(&[0; 504], 0, &shape, &other, &mut [0; 504]).unwrap_err();
    assert_eq!(refused, KernelError::Window);
}
