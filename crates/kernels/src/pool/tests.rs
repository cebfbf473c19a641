//! Tests of poolings against the reference.

use amct_tensor::window::{Axis, Padding};

use super::*;
use crate::samples::{Samples, assert_bits, everywhere};

fn shape(extent: usize, kernel: usize, stride: usize, padding: Padding, channels: usize) -> PoolShape {
    PoolShape {
        batch: 2,
        height: Axis::new(extent, kernel, stride, 1, padding, 0).unwrap(),
        width: Axis::new(extent + 1, kernel, stride, 1, padding, 1).unwrap(),
        channels,
    }
}

fn shapes() -> Vec<PoolShape> {
    vec![
        shape(7, 7, 1, Padding::Valid, 19),
        shape(7, 3, 2, Padding::Same, 5),
        shape(8, 2, 2, Padding::Valid, 16),
        shape(6, 3, 1, Padding::Same, 33),
        shape(6, 3, 2, Padding::Explicit([(1, 2), (2, 1)]), 8),
        shape(6, 3, 2, Padding::Same, 0),
        shape(56, 3, 1, Padding::Same, 24),
    ]
}

#[test]
fn f32_equals_the_reference_to_the_bit() {
    for shape in shapes() {
        let mut input = Samples::new(5).f32s(shape.input_len().unwrap());
        if let Some(x) = input.get_mut(100) {
            *x = f32::NAN;
        }
        let mut mean = vec![0.0; shape.output_len().unwrap()];
        let mut max = mean.clone();
        reference::avg_pool_f32(&input, &shape, &mut mean).unwrap();
        reference::max_pool_f32(&input, &shape, &mut max).unwrap();
        everywhere(|_| {
            let mut found = vec![0.0; mean.len()];
            avg_pool_f32(&input, &shape, &mut found).unwrap();
            assert_bits(&found, &mean, &format!("mean {shape:?}"));
            max_pool_f32(&input, &shape, &mut found).unwrap();
            assert_bits(&found, &max, &format!("max {shape:?}"));
        });
    }
}

#[test]
fn i8_equals_the_reference() {
    for shape in shapes() {
        let input = Samples::new(6).i8s(shape.input_len().unwrap());
        for zero_offset in [-128, 0, 17, 127] {
            let mut expected = vec![0; shape.output_len().unwrap()];
            reference::sum_pool_i8(&input, zero_offset, &shape, &mut expected).unwrap();
            everywhere(|_| {
                let mut found = vec![0; expected.len()];
                sum_pool_i8(&input, zero_offset, &shape, &mut found).unwrap();
                assert_eq!(found, expected, "offset {zero_offset} {shape:?}");
            });
        }
    }
}

#[test]
fn padding_is_not_counted() {
    let shape = shape(3, 3, 2, Padding::Same, 1);
    assert_eq!((shape.taps(0, 0), shape.taps(1, 1)), (6, 4));
    let mut mean = vec![0.0; shape.output_len().unwrap()];
    avg_pool_f32(&vec![3.0; shape.input_len().unwrap()], &shape, &mut mean).unwrap();
    assert!(mean.iter().all(|&x| x == 3.0));
}

#[test]
fn a_window_of_padding_is_refused() {
    let shape = shape(4, 2, 1, Padding::Explicit([(0, 0), (3, 0)]), 1);
    let (input, mut output) = (vec![0.0; shape.input_len().unwrap()], vec![0.0; shape.output_len().unwrap()]);
    let refused = Err(KernelError::EmptyWindow { dimension: "width", output: 0 });
    assert_eq!(avg_pool_f32(&input, &shape, &mut output), refused);
    assert_eq!(max_pool_f32(&input, &shape, &mut output), refused);
    assert!(avg_pool_f32(&input[1..], &shapes()[0], &mut output).is_err());
}
