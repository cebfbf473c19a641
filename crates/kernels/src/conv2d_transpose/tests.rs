//! Tests of transposed convolutions against the reference, and of wrong arguments.

use amct_tensor::window::{Axis, Padding};

use super::*;
use crate::samples::{Samples, assert_bits, everywhere};
use crate::{Activation, Isa};

/// Output extents, kernel, stride and dilation as (height, width), padding, channels in and out.
type Case = ((usize, usize), (usize, usize), (usize, usize), (usize, usize), Padding, (usize, usize));

fn cases() -> Vec<Case> {
    let wide = Padding::Explicit([(3, 1), (0, 2)]);
    vec![
        ((1, 1), (1, 1), (1, 1), (1, 1), Padding::Valid, (1, 1)),
        ((5, 7), (3, 3), (1, 1), (1, 1), Padding::Same, (4, 9)),
        ((8, 6), (2, 2), (2, 2), (1, 1), Padding::Valid, (5, 17)),
        ((9, 8), (3, 3), (2, 2), (1, 1), Padding::Same, (3, 8)),
        ((9, 60), (4, 5), (2, 1), (1, 1), Padding::Same, (2, 33)),
        ((10, 11), (5, 2), (3, 4), (1, 1), Padding::Valid, (7, 4)),
        ((9, 8), (3, 2), (2, 3), (1, 1), wide, (6, 3)),
        ((13, 12), (3, 3), (2, 1), (2, 3), Padding::Same, (3, 5)),
        ((11, 10), (3, 2), (3, 2), (2, 2), Padding::Valid, (3, 5)),
        ((7, 7), (1, 1), (3, 2), (1, 1), Padding::Same, (4, 6)),
        ((4, 6), (3, 3), (2, 2), (1, 1), Padding::Same, (0, 4)),
        ((4, 6), (3, 3), (2, 2), (1, 1), Padding::Same, (4, 0)),
        ((0, 6), (3, 3), (2, 2), (1, 1), Padding::Same, (4, 2)),
    ]
}

fn shape(
    &(output, kernel, stride, dilation, padding, channels): &Case,
    batch: usize,
) -> Conv2dTransposeShape {
    Conv2dTransposeShape {
        batch,
        height: Axis::new(output.0, kernel.0, stride.0, dilation.0, padding, 0).unwrap(),
        width: Axis::new(output.1, kernel.1, stride.1, dilation.1, padding, 1).unwrap(),
        in_channels: channels.0,
        out_channels: channels.1,
    }
}

fn filter_len(shape: &Conv2dTransposeShape) -> usize {
    shape.taps().unwrap() * shape.in_channels * shape.out_channels
}

#[test]
fn f32_equals_the_reference_to_the_bit() {
    for (seed, case) in cases().iter().enumerate() {
        let shape = shape(case, 1 + seed % 2);
        let mut samples = Samples::new(seed as u64);
        let input = samples.f32s(shape.input_len().unwrap());
        let (filter, bias) = (samples.f32s(filter_len(&shape)), samples.f32s(shape.out_channels));
        let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu6, ..Epilogue::default() };
        for epilogue in [Epilogue::default(), epilogue] {
            let mut expected = vec![0.0; shape.output_len().unwrap()];
            reference::conv2d_transpose_f32(&input, &shape, &filter, epilogue, &mut expected).unwrap();
            everywhere(|isa| {
                let packed = TransposeFilterF32::for_isa(isa, shape.window(), &filter).unwrap();
                let mut found = vec![f32::NAN; expected.len()];
                conv2d_transpose_f32(&input, &shape, &packed, epilogue, &mut found).unwrap();
                assert_bits(&found, &expected, &format!("{isa:?} {shape:?}"));
            });
        }
    }
}

#[test]
fn i8_equals_the_reference() {
    for (seed, case) in cases().iter().enumerate() {
        let shape = shape(case, 1 + seed % 2);
        let mut samples = Samples::new(seed as u64);
        let input = samples.i8s(shape.input_len().unwrap());
        let filter = samples.i8s(filter_len(&shape));
        for zero_offset in [-128, 0, 127] {
            let mut expected = vec![0; shape.output_len().unwrap()];
            reference::conv2d_transpose_i8(&input, zero_offset, &shape, &filter, &mut expected).unwrap();
            everywhere(|isa| {
                let packed = TransposeFilterI8::for_isa(isa, shape.window(), &filter).unwrap();
                let mut found = vec![i32::MIN; expected.len()];
                conv2d_transpose_i8(&input, zero_offset, &shape, &packed, &mut found).unwrap();
                assert_eq!(found, expected, "{isa:?} offset {zero_offset} {shape:?}");
            });
        }
    }
}

#[test]
fn it_is_the_transpose_of_the_convolution() {
    // <conv(x), g> = <x, transpose(g)> for every x and g, exactly so in integers.
    for (seed, case) in cases().iter().enumerate().take(10) {
        let shape = shape(case, 1);
        let mut samples = Samples::new(seed as u64);
        let g: Vec<i8> = samples.i8s(shape.input_len().unwrap());
        let x: Vec<i8> = samples.i8s(shape.output_len().unwrap());
        let filter = samples.i8s(filter_len(&shape));
        let forward = crate::conv2d::Conv2dShape {
            batch: 1,
            height: shape.height,
            width: shape.width,
            in_channels: shape.out_channels,
            out_channels: shape.in_channels,
        };
        let mut conv = vec![0; g.len()];
        crate::conv2d::reference::conv2d_i8(&x, 0, &forward, &filter, &mut conv).unwrap();
        let packed = TransposeFilterI8::new(shape.window(), &filter).unwrap();
        let mut transposed = vec![0; x.len()];
        conv2d_transpose_i8(&g, 0, &shape, &packed, &mut transposed).unwrap();
        let dot = |a: &[i32], b: &[i8]| -> i64 {
            a.iter().zip(b).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum()
        };
        assert_eq!(dot(&conv, &g), dot(&transposed, &x), "{shape:?}");
    }
}

#[test]
fn an_empty_filter_costs_nothing_however_large_its_kernel() {
    let case = ((4, 6), (1 << 40, 1 << 40), (2, 2), (1, 1), Padding::Same, (0, 3));
    let shape = shape(&case, 1);
    let packed = TransposeFilterF32::new(shape.window(), &[]);
    assert!(matches!(packed, Err(KernelError::Overflow { .. })));
    let case = ((4, 6), (1 << 40, 1), (2, 2), (1, 1), Padding::Same, (0, 3));
    let shape = self::shape(&case, 1);
    let packed = TransposeFilterF32::new(shape.window(), &[]).unwrap();
    let epilogue = Epilogue { bias: Some(&[1.0, 2.0, 3.0]), ..Epilogue::default() };
    let mut output = vec![f32::NAN; 4 * 6 * 3];
    conv2d_transpose_f32(&[], &shape, &packed, epilogue, &mut output).unwrap();
    assert_eq!(output, [1.0, 2.0, 3.0].repeat(4 * 6));
}

#[test]
fn wrong_arguments_are_refused() {
    let shape = shape(&cases()[3], 1);
    let filter = vec![0.0; filter_len(&shape)];
    let (input, mut output) = (vec![0.0; shape.input_len().unwrap()], vec![0.0; shape.output_len().unwrap()]);
    let packed = TransposeFilterF32::new(shape.window(), &filter).unwrap();
    let none = Epilogue::default();
    assert!(conv2d_transpose_f32(&input[1..], &shape, &packed, none, &mut output).is_err());
    assert!(conv2d_transpose_f32(&input, &shape, &packed, none, &mut output[1..]).is_err());
    let short = Epilogue { bias: Some(&[0.0]), ..none };
    assert!(conv2d_transpose_f32(&input, &shape, &packed, short, &mut output).is_err());
    let other = TransposeWindow { strides: (1, 1), ..shape.window() };
    let packed = TransposeFilterF32::new(other, &filter).unwrap();
    let refused = conv2d_transpose_f32(&input, &shape, &packed, none, &mut output);
    assert_eq!(refused, Err(KernelError::Window));
    let still = TransposeWindow { strides: (0, 1), ..shape.window() };
    assert!(matches!(TransposeFilterF32::new(still, &filter), Err(KernelError::Window)));
    assert!(TransposeFilterF32::new(shape.window(), &filter[1..]).is_err());
    let deep = TransposeWindow { kernel: (1, 1), in_channels: 70_000, out_channels: 1, ..shape.window() };
    let refused = TransposeFilterI8::for_isa(Isa::best(), deep, &vec![0; 70_000]);
    assert!(matches!(refused, Err(KernelError::Depth { .. })));
}
