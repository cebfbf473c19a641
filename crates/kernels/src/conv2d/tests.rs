//! Tests of 2-D convolutions against the reference on every instruction set, and of wrong arguments.

use amct_tensor::window::{Axis, Padding};

use super::*;
use crate::Activation;
use crate::samples::{Samples, assert_bits, everywhere};

struct Case {
    input: (usize, usize),
    kernel: (usize, usize),
    stride: (usize, usize),
    dilation: (usize, usize),
    padding: Padding,
    channels: (usize, usize),
}

impl Case {
    fn shape(&self, batch: usize) -> Conv2dShape {
        let (i, k, s, d, p) = (self.input, self.kernel, self.stride, self.dilation, self.padding);
        Conv2dShape {
            batch,
            height: Axis::new(i.0, k.0, s.0, d.0, p, 0).unwrap(),
            width: Axis::new(i.1, k.1, s.1, d.1, p, 1).unwrap(),
            in_channels: self.channels.0,
            out_channels: self.channels.1,
        }
    }
}

fn cases() -> Vec<Case> {
    let case = |input, kernel, stride, dilation, padding, channels| Case {
        input,
        kernel,
        stride,
        dilation,
        padding,
        channels,
    };
    let wide = Padding::Explicit([(3, 1), (0, 4)]);
    vec![
        case((1, 1), (1, 1), (1, 1), (1, 1), Padding::Valid, (1, 1)),
        case((5, 7), (1, 1), (1, 1), (1, 1), Padding::Same, (9, 17)),
        case((5, 7), (1, 1), (2, 2), (1, 1), Padding::Same, (8, 24)),
        case((5, 4), (1, 1), (1, 1), (1, 1), wide, (3, 16)),
        case((9, 8), (3, 3), (1, 1), (1, 1), Padding::Same, (3, 8)),
        case((9, 8), (3, 3), (2, 2), (1, 1), Padding::Same, (5, 33)),
        case((9, 8), (3, 3), (2, 1), (1, 1), Padding::Valid, (4, 10)),
        case((11, 13), (3, 3), (1, 1), (2, 2), Padding::Same, (2, 6)),
        case((11, 13), (3, 2), (2, 3), (2, 3), wide, (3, 19)),
        case((4, 6), (5, 7), (1, 1), (1, 1), Padding::Same, (1, 4)),
        case((2, 3), (3, 4), (1, 1), (1, 2), Padding::Explicit([(7, 7), (8, 8)]), (2, 3)),
        case((8, 8), (1, 5), (1, 1), (1, 1), Padding::Same, (7, 9)),
        case((6, 6), (3, 3), (1, 1), (1, 1), Padding::Same, (60, 20)),
        // Lines long enough to be read without patches.
        case((7, 70), (3, 3), (2, 2), (1, 1), Padding::Same, (3, 33)),
        case((6, 41), (5, 4), (1, 1), (2, 1), wide, (2, 20)),
        case((5, 90), (2, 3), (1, 3), (1, 1), Padding::Valid, (4, 70)),
        case((3, 32), (1, 1), (2, 1), (1, 1), Padding::Same, (5, 9)),
        case((0, 6), (3, 3), (1, 1), (1, 1), Padding::Same, (3, 4)),
        case((4, 6), (3, 3), (1, 1), (1, 1), Padding::Same, (0, 4)),
    ]
}

/// The sums themselves.
fn sums(
    input: &[i8],
    zero_offset: i32,
    shape: &Conv2dShape,
    groups: usize,
    filter: &PackedI8,
    output: &mut [i32],
) -> Result<(), KernelError> {
    let plain = I32Epilogue::new(filter.n(), filter.limit());
    conv2d_grouped_i8(input, zero_offset, shape, groups, filter, &plain, OutputSlice::I32(output))
}

#[test]
fn f32_equals_the_reference_to_the_bit() {
    for (seed, case) in cases().iter().enumerate() {
        let shape = case.shape(1 + seed % 2);
        let mut samples = Samples::new(seed as u64);
        let input = samples.f32s(shape.input_len().unwrap());
        let (k, n) = (shape.depth().unwrap(), shape.out_channels);
        let (filter, bias) = (samples.f32s(k * n), samples.f32s(n));
        let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu6, ..Epilogue::default() };
        for epilogue in [Epilogue::default(), epilogue] {
            let mut expected = vec![0.0; shape.output_len().unwrap()];
            reference::conv2d_f32(&input, &shape, &filter, epilogue, &mut expected).unwrap();
            everywhere(|isa| {
                let packed = PackedF32::for_isa(isa, k, n, &filter).unwrap();
                let mut found = vec![f32::NAN; expected.len()];
                conv2d_f32(&input, &shape, &packed, epilogue, &mut found).unwrap();
                assert_bits(&found, &expected, &format!("{isa:?} {shape:?}"));
            });
        }
    }
}

#[test]
fn i8_equals_the_reference() {
    for (seed, case) in cases().iter().enumerate() {
        let shape = case.shape(1 + seed % 2);
        let mut samples = Samples::new(seed as u64);
        let input = samples.i8s(shape.input_len().unwrap());
        let (k, n) = (shape.depth().unwrap(), shape.out_channels);
        let filter = samples.i8s(k * n);
        for zero_offset in [-128, 0, 17, 127] {
            let mut expected = vec![0; shape.output_len().unwrap()];
            reference::conv2d_i8(&input, zero_offset, &shape, &filter, &mut expected).unwrap();
            everywhere(|isa| {
                for segments in [1, shape.height.kernel] {
                    let packed = PackedI8::in_segments(isa, segments, k, n, &filter).unwrap();
                    let mut found = vec![i32::MIN; expected.len()];
                    sums(&input, zero_offset, &shape, 1, &packed, &mut found).unwrap();
                    assert_eq!(found, expected, "{isa:?} offset {zero_offset} segments {segments} {shape:?}");
                }
            });
        }
    }
}

#[test]
fn groups_equal_the_reference() {
    for (seed, groups) in [(0, 1), (1, 2), (2, 3), (3, 6)] {
        let case = Case { channels: (12, 18), ..cases().swap_remove(5) };
        let shape = case.shape(2);
        let mut samples = Samples::new(seed);
        let q = samples.i8s(shape.input_len().unwrap());
        let (k, n) = (shape.depth().unwrap() / groups, shape.out_channels);
        let w = samples.i8s(k * n);
        // Small integers are exact in f32, so that one reference serves both.
        let floats = |values: &[i8], offset: i32| -> Vec<f32> {
            values.iter().map(|&x| (i32::from(x) - offset) as f32).collect()
        };
        let mut expected = vec![0.0; shape.output_len().unwrap()];
        let (x, filter) = (floats(&q, 9), floats(&w, 0));
        reference::conv2d_grouped_f32(&x, &shape, groups, &filter, Epilogue::default(), &mut expected)
            .unwrap();
        let packed = PackedI8::new(k, n, &w).unwrap();
        let mut found = vec![0; expected.len()];
        sums(&q, 9, &shape, groups, &packed, &mut found).unwrap();
        assert!(
            found.iter().zip(&expected).all(|(&sum, &expected)| sum as f32 == expected),
            "{groups} groups"
        );

        let (x, filter, bias) = (samples.f32s(x.len()), samples.f32s(filter.len()), samples.f32s(n));
        let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu, ..Epilogue::default() };
        reference::conv2d_grouped_f32(&x, &shape, groups, &filter, epilogue, &mut expected).unwrap();
        let packed = PackedF32::new(k, n, &filter).unwrap();
        let mut found = vec![f32::NAN; expected.len()];
        conv2d_grouped_f32(&x, &shape, groups, &packed, epilogue, &mut found).unwrap();
        assert_bits(&found, &expected, &format!("{groups} groups"));
    }
}

#[test]
fn uneven_groups_are_refused() {
    let shape = Case { channels: (12, 10), ..cases().swap_remove(5) }.shape(1);
    let packed = PackedF32::new(27 * 4, 10, &vec![0.0; 27 * 40]).unwrap();
    let (input, mut output) = (vec![0.0; 9 * 8 * 12], vec![0.0; shape.output_len().unwrap()]);
    let refused = conv2d_grouped_f32(&input, &shape, 3, &packed, Epilogue::default(), &mut output);
    assert_eq!(refused, Err(KernelError::Groups { channels: (12, 10), groups: 3 }));
    let refused = conv2d_grouped_f32(&input, &shape, 2, &packed, Epilogue::default(), &mut output);
    assert!(matches!(refused, Err(KernelError::Packed { .. })));
}

#[test]
fn an_image_does_not_depend_on_its_batch() {
    let case = &cases()[5];
    let (one, many) = (case.shape(1), case.shape(5));
    let mut samples = Samples::new(1);
    let input = samples.f32s(many.input_len().unwrap());
    let (k, n) = (one.depth().unwrap(), one.out_channels);
    let packed = PackedF32::new(k, n, &samples.f32s(k * n)).unwrap();
    let mut whole = vec![0.0; many.output_len().unwrap()];
    conv2d_f32(&input, &many, &packed, Epilogue::default(), &mut whole).unwrap();
    let (input_len, output_len) = (one.input_len().unwrap(), one.output_len().unwrap());
    for image in 0..5 {
        let mut alone = vec![0.0; output_len];
        let input = &input[image * input_len..][..input_len];
        conv2d_f32(input, &one, &packed, Epilogue::default(), &mut alone).unwrap();
        assert_bits(&alone, &whole[image * output_len..][..output_len], &format!("image {image}"));
    }
}

#[test]
fn filters_packed_for_other_windows_are_refused() {
    let shape = cases()[4].shape(1);
    let (k, n) = (shape.depth().unwrap(), shape.out_channels);
    let filter = vec![1; k * n];
    let packed = PackedI8::in_segments(crate::Isa::best(), 9, k, n, &filter).unwrap();
    let (input, mut output) = (vec![0; 9 * 8 * 3], vec![0; 9 * 8 * 8]);
    assert_eq!(sums(&input, 0, &shape, 1, &packed, &mut output), Err(KernelError::Window));
    let refused = crate::gemm::gemm_i8(
        1,
        &vec![0; k],
        0,
        &packed,
        &I32Epilogue::new(n, packed.limit()),
        OutputSlice::I32(&mut output[..n]),
    );
    assert_eq!(refused, Err(KernelError::Window));
    for segments in [0, 2] {
        assert!(PackedI8::in_segments(crate::Isa::best(), segments, k, n, &filter).is_err(), "{segments}");
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let shape = cases()[4].shape(1);
    let (k, n) = (shape.depth().unwrap(), shape.out_channels);
    let (input, mut output) = (vec![0.0; 9 * 8 * 3], vec![0.0; 9 * 8 * 8]);
    let packed = PackedF32::new(k, n, &vec![0.0; k * n]).unwrap();
    let none = Epilogue::default();
    assert!(conv2d_f32(&input[1..], &shape, &packed, none, &mut output).is_err());
    assert!(conv2d_f32(&input, &shape, &packed, none, &mut output[1..]).is_err());
    let short = Epilogue { bias: Some(&[0.0]), ..none };
    assert!(conv2d_f32(&input, &shape, &packed, short, &mut output).is_err());
    let transposed = PackedF32::new(n, k, &vec![0.0; k * n]).unwrap();
    let refused = conv2d_f32(&input, &shape, &transposed, none, &mut output).unwrap_err();
    assert_eq!(refused, KernelError::Packed { found: (n, k), expected: (k, n) });
    let huge = Conv2dShape { batch: usize::MAX, ..shape };
    assert!(conv2d_f32(&input, &huge, &packed, none, &mut output).is_err());
}
