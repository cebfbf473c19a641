//! Tests of the elementwise kernels against the reference, over all kinds of f32.

use super::quantize::quantize_i8_on;
use super::*;
use crate::samples::{Samples, assert_bits, everywhere};
use crate::{Activation, KernelError};

/// Every kind of f32: a step through all bit patterns, and what lies around the halves.
fn all_kinds() -> Vec<f32> {
    let patterns = (0..=u32::MAX).step_by(9_973).map(f32::from_bits);
    let halves = (-300..300).flat_map(|n| {
        let half = n as f32 + 0.5;
        [half.next_down(), half, half.next_up(), n as f32]
    });
    let named = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 0.499_999_97, -0.499_999_97];
    let large = [8_388_607.5, 8_388_609.0, 2.147_483_6e9, -2.147_483_6e9, 4.2e9, 1e-45, -0.0];
    patterns.chain(halves).chain(named).chain(large).collect()
}

#[test]
fn quantize_equals_the_reference_on_every_kind_of_value() {
    let input = all_kinds();
    for (inverse_scale, offset) in
        [(1.0, 0), (1.0, -128), (1.0, 127), (21.3, 5), (-3.7e-3, -7), (f32::INFINITY, 0)]
    {
        let mut expected = vec![0; input.len()];
        reference::quantize_i8(&input, inverse_scale, offset, &mut expected).unwrap();
        everywhere(|isa| {
            let mut found = vec![0; input.len()];
            quantize_i8_on(isa, &input, inverse_scale, offset, &mut found).unwrap();
            assert_eq!(found, expected, "{isa:?} {inverse_scale} {offset}");
        });
    }
}

#[test]
fn quantize_rounds_halves_away_from_zero() {
    let input = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.499_999_97, -0.499_999_97, f32::NAN, 1e30, -1e30];
    everywhere(|isa| {
        let mut found = [0; 11];
        quantize_i8_on(isa, &input, 1.0, 1, &mut found).unwrap();
        assert_eq!(found, [-2, -1, 0, 2, 3, 4, 1, 1, 1, 127, -128], "{isa:?}");
    });
}

#[test]
fn dequantize_equals_the_reference_to_the_bit() {
    let mut samples = Samples::new(1);
    let sums: Vec<i32> = (0..300_000).map(|_| samples.bits() as i32).collect();
    for channels in [1, 3, 8, 24] {
        let scales = samples.f32s(channels);
        let mut expected = vec![0.0; sums.len()];
        reference::dequantize_i32(&sums, &scales, &mut expected).unwrap();
        everywhere(|_| {
            let mut found = vec![0.0; sums.len()];
            dequantize_i32(&sums, &scales, &mut found).unwrap();
            assert_bits(&found, &expected, &format!("{channels} scales"));
        });
    }
}

#[test]
fn bias_and_activations_equal_the_reference_to_the_bit() {
    let input = all_kinds();
    let input = &input[..input.len() / 35 * 35];
    for activation in [Activation::None, Activation::Relu, Activation::Relu6] {
        let mut activated = input.to_vec();
        reference::activate(&mut activated, activation);
        for channels in [1, 5, 7, 35] {
            let bias = Samples::new(channels as u64).f32s(channels);
            let mut expected = input.to_vec();
            reference::bias_add(&mut expected, &bias, activation).unwrap();
            everywhere(|_| {
                let mut found = input.to_vec();
                bias_add(&mut found, &bias, activation).unwrap();
                assert_bits(&found, &expected, &format!("{channels} {activation:?}"));
                found.copy_from_slice(input);
                activate(&mut found, activation);
                assert_bits(&found, &activated, &format!("{activation:?}"));
            });
        }
    }
}

#[test]
fn exp_is_the_rounded_exponential() {
    let mut misrounded = 0_u32;
    for bits in (0..=u32::MAX).step_by(977) {
        let x = f32::from_bits(bits);
        let (found, expected) = (exp(x), f64::from(x).exp() as f32);
        if x.is_nan() {
            assert!(found.is_nan());
        } else if found != expected {
            misrounded += 1;
            assert!(found == expected.next_up() || found == expected.next_down(), "exp({x})");
        }
    }
    assert!(misrounded <= 4, "{misrounded} of 4.4 million");
    let exact = [0.0, -0.0, f32::NEG_INFINITY, f32::INFINITY].map(exp);
    assert_eq!(exact, [1.0, 1.0, 0.0, f32::INFINITY]);
}

#[test]
fn softmax_equals_the_reference_to_the_bit_and_sums_to_one() {
    for classes in [1, 2, 10, 1001] {
        let mut input = Samples::new(classes as u64).f32s(classes * 21);
        input.iter_mut().for_each(|x| *x *= 20.0);
        input[classes * 20] = f32::NAN;
        let mut expected = vec![0.0; input.len()];
        reference::softmax(&input, classes, &mut expected).unwrap();
        everywhere(|_| {
            let mut found = vec![0.0; input.len()];
            softmax(&input, classes, &mut found).unwrap();
            assert_bits(&found, &expected, &format!("{classes} classes"));
        });
        for row in expected.chunks(classes).take(20) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
        assert!(expected[classes * 20..].iter().all(|x| x.is_nan()));
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let partial = Err(KernelError::PartialRow { argument: "values", found: 5, row: 2 });
    assert_eq!(bias_add(&mut [0.0; 5], &[0.0; 2], Activation::None), partial);
    assert!(bias_add(&mut [0.0; 5], &[], Activation::None).is_err());
    assert!(softmax(&[0.0; 5], 0, &mut [0.0; 5]).is_err());
    assert!(softmax(&[0.0; 4], 2, &mut [0.0; 5]).is_err());
    assert!(quantize_i8(&[0.0; 4], 1.0, 0, &mut [0; 5]).is_err());
    assert!(quantize_i8(&[0.0; 4], 1.0, 128, &mut [0; 4]).is_err());
    assert!(dequantize_i32(&[0; 5], &[1.0, 2.0], &mut [0.0; 5]).is_err());
    assert!(dequantize_i32(&[], &[], &mut []).is_ok());
}
