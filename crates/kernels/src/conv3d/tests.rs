//! Tests of 3-D convolutions against the reference, and of wrong arguments.

use amct_tensor::window::{Axis, Padding};

use super::*;
use crate::Activation;
use crate::samples::{Samples, assert_bits, everywhere};

/// Extents, kernel, stride and dilation as (depth, height, width), padding, channels in and out.
type Case = ([usize; 3], [usize; 3], [usize; 3], [usize; 3], Padding, (usize, usize));

const ONES: [usize; 3] = [1; 3];

const CASES: &[Case] = &[
    ([1, 1, 1], ONES, ONES, ONES, Padding::Valid, (1, 1)),
    ([3, 4, 5], ONES, ONES, ONES, Padding::Same, (7, 9)),
    ([3, 4, 5], [3, 3, 3], ONES, ONES, Padding::Same, (3, 8)),
    ([4, 7, 6], [2, 3, 3], [1, 2, 2], ONES, Padding::Same, (5, 17)),
    ([5, 6, 7], [3, 2, 4], [2, 1, 3], ONES, Padding::Valid, (4, 3)),
    ([6, 7, 9], [2, 3, 3], ONES, [3, 2, 2], Padding::Same, (2, 33)),
    ([2, 3, 3], [5, 5, 5], ONES, ONES, Padding::Same, (1, 2)),
    ([0, 3, 3], [2, 2, 2], ONES, ONES, Padding::Same, (3, 4)),
    ([2, 3, 3], [2, 2, 2], ONES, ONES, Padding::Same, (0, 4)),
    ([2, 3, 3], [2, 2, 2], ONES, ONES, Padding::Same, (3, 0)),
];

fn shape(&(input, kernel, stride, dilation, padding, channels): &Case, batch: usize) -> Conv3dShape {
    let axis = |d: usize| Axis::new(input[d], kernel[d], stride[d], dilation[d], padding, d).unwrap();
    Conv3dShape {
        batch,
        depth: axis(0),
        height: axis(1),
        width: axis(2),
        in_channels: channels.0,
        out_channels: channels.1,
    }
}

#[test]
fn f32_equals_the_reference_to_the_bit() {
    for (seed, case) in CASES.iter().enumerate() {
        let shape = shape(case, 1 + seed % 3);
        let mut samples = Samples::new(seed as u64);
        let input = samples.f32s(shape.input_len().unwrap());
        let (k, n) = (shape.taps().unwrap(), shape.out_channels);
        let (filter, bias) = (samples.f32s(k * n), samples.f32s(n));
        let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu6, ..Epilogue::default() };
        for epilogue in [Epilogue::default(), epilogue] {
            let mut expected = vec![0.0; shape.output_len().unwrap()];
            reference::conv3d_f32(&input, &shape, &filter, epilogue, &mut expected).unwrap();
            everywhere(|isa| {
                let packed = PackedF32::for_isa(isa, k, n, &filter).unwrap();
                let mut found = vec![f32::NAN; expected.len()];
                conv3d_f32(&input, &shape, &packed, epilogue, &mut found).unwrap();
                assert_bits(&found, &expected, &format!("{isa:?} {shape:?}"));
            });
        }
    }
}

#[test]
fn i8_equals_the_reference() {
    for (seed, case) in CASES.iter().enumerate() {
        let shape = shape(case, 1 + seed % 3);
        let mut samples = Samples::new(seed as u64);
        let input = samples.i8s(shape.input_len().unwrap());
        let (k, n) = (shape.taps().unwrap(), shape.out_channels);
        let filter = samples.i8s(k * n);
        for zero_offset in [-128, 0, 127] {
            let mut expected = vec![0; shape.output_len().unwrap()];
            reference::conv3d_i8(&input, zero_offset, &shape, &filter, &mut expected).unwrap();
            everywhere(|isa| {
                let packed = PackedI8::for_isa(isa, k, n, &filter).unwrap();
                let mut found = vec![i32::MIN; expected.len()];
                conv3d_i8(&input, zero_offset, &shape, &packed, &mut found).unwrap();
                assert_eq!(found, expected, "{isa:?} offset {zero_offset} {shape:?}");
            });
        }
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let shape = shape(&CASES[2], 1);
    let (k, n) = (shape.taps().unwrap(), shape.out_channels);
    let (input, mut output) = (vec![0.0; shape.input_len().unwrap()], vec![0.0; shape.output_len().unwrap()]);
    let packed = PackedF32::new(k, n, &vec![0.0; k * n]).unwrap();
    let none = Epilogue::default();
    assert!(conv3d_f32(&input[1..], &shape, &packed, none, &mut output).is_err());
    assert!(conv3d_f32(&input, &shape, &packed, none, &mut output[1..]).is_err());
    let short = Epilogue { bias: Some(&[0.0]), ..none };
    assert!(conv3d_f32(&input, &shape, &packed, short, &mut output).is_err());
    let transposed = PackedF32::new(n, k, &vec![0.0; k * n]).unwrap();
    let refused = conv3d_f32(&input, &shape, &transposed, none, &mut output).unwrap_err();
    assert_eq!(refused, KernelError::Packed { found: (n, k), expected: (k, n) });
    let packed = PackedI8::new(k, n, &vec![0; k * n]).unwrap();
    let q = vec![0; input.len()];
    assert!(conv3d_i8(&q, 128, &shape, &packed, &mut vec![0; output.len()]).is_err());
}
