//! Tests of matrix products against the reference on every instruction set, around all block sizes.

use super::*;
use crate::Norm;
use crate::samples::{Samples, assert_bits, everywhere};
use crate::{Activation, Isa};

/// (m, k, n): sizes around the tile, the panel, the row block and the depth block.
const SIZES: &[(usize, usize, usize)] = &[
    (0, 3, 4),
    (3, 0, 4),
    (3, 4, 0),
    (1, 1, 1),
    (5, 3, 7),
    (6, 16, 16),
    (7, 17, 24),
    (13, 9, 8),
    (25, 27, 33),
    (49, 255, 20),
    (24, 256, 16),
    (31, 257, 9),
    (2, 513, 41),
    (11, 1030, 12),
    (300, 24, 40),
    (97, 96, 144),
];

/// The sums themselves.
fn sums(m: usize, a: &[i8], zero_offset: i32, b: &PackedI8, c: &mut [i32]) -> Result<(), KernelError> {
    gemm_i8(m, a, zero_offset, b, &I32Epilogue::new(b.n(), b.limit()), OutputSlice::I32(c))
}

#[test]
fn f32_equals_the_reference_to_the_bit() {
    for (seed, &(m, k, n)) in SIZES.iter().enumerate() {
        let mut samples = Samples::new(seed as u64);
        let (a, b, bias) = (samples.f32s(m * k), samples.f32s(k * n), samples.f32s(n));
        let [mean, factor, offset] = [(); 3].map(|()| samples.f32s(n));
        for activation in [Activation::None, Activation::Relu, Activation::Relu6] {
            for bias in [None, Some(bias.as_slice())] {
                let norm = Norm { mean: &mean, factor: &factor, offset: &offset };
                let epilogue =
                    Epilogue { bias, norm: bias.map(|_| norm), activation, accumulate: bias.is_some() };
                let held = samples.f32s(m * n);
                let mut expected = held.clone();
                reference::gemm_f32((m, k, n), &a, &b, epilogue, &mut expected).unwrap();
                everywhere(|isa| {
                    let packed = PackedF32::for_isa(isa, k, n, &b).unwrap();
                    let mut found = held.clone();
                    gemm_f32(m, &a, &packed, epilogue, &mut found).unwrap();
                    assert_bits(&found, &expected, &format!("{m}x{k}x{n} {isa:?} {epilogue:?}"));
                });
            }
        }
    }
}

#[test]
fn f32_carries_nan_infinity_and_negative_zero() {
    let (m, k, n) = (7, 5, 18);
    let mut samples = Samples::new(7);
    let (mut a, mut b) = (samples.f32s(m * k), samples.f32s(k * n));
    let specials = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, f32::MAX, 1e-42];
    for (index, special) in specials.into_iter().enumerate() {
        a[index * 5 + index % 5] = special;
        b[index * 11] = special;
    }
    for activation in [Activation::None, Activation::Relu, Activation::Relu6] {
        let epilogue = Epilogue { bias: None, activation, ..Epilogue::default() };
        let mut expected = vec![0.0; m * n];
        reference::gemm_f32((m, k, n), &a, &b, epilogue, &mut expected).unwrap();
        assert!(expected.iter().any(|x| x.is_nan()) && expected.iter().any(|x| x.is_finite()));
        everywhere(|isa| {
            let packed = PackedF32::for_isa(isa, k, n, &b).unwrap();
            let mut found = vec![0.0; m * n];
            gemm_f32(m, &a, &packed, epilogue, &mut found).unwrap();
            assert_bits(&found, &expected, &format!("{isa:?} {activation:?}"));
        });
    }
}

#[test]
fn a_row_does_not_depend_on_its_batch() {
    let (k, n) = (64, 24);
    let mut samples = Samples::new(3);
    let (a, b) = (samples.f32s(100 * k), samples.f32s(k * n));
    let packed = PackedF32::new(k, n, &b).unwrap();
    let mut whole = vec![0.0; 100 * n];
    gemm_f32(100, &a, &packed, Epilogue::default(), &mut whole).unwrap();
    for row in 0..100 {
        let mut alone = vec![0.0; n];
        gemm_f32(1, &a[row * k..][..k], &packed, Epilogue::default(), &mut alone).unwrap();
        assert_bits(&alone, &whole[row * n..][..n], &format!("row {row}"));
    }
}

#[test]
fn i8_equals_the_reference() {
    for (seed, &(m, k, n)) in SIZES.iter().enumerate() {
        let mut samples = Samples::new(seed as u64 + 100);
        let (a, b) = (samples.i8s(m * k), samples.i8s(k * n));
        for zero_offset in [-128, 0, 17, 127] {
            let mut expected = vec![0; m * n];
            reference::gemm_i8((m, k, n), &a, zero_offset, &b, &mut expected).unwrap();
            everywhere(|isa| {
                let packed = PackedI8::for_isa(isa, k, n, &b).unwrap();
                let mut found = vec![i32::MIN; m * n];
                sums(m, &a, zero_offset, &packed, &mut found).unwrap();
                assert_eq!(found, expected, "{m}x{k}x{n} {isa:?} offset {zero_offset}");
            });
        }
    }
}

#[test]
fn the_deepest_i8_sum_of_extremes_is_exact() {
    let k = lengths::MAX_DEPTH_I8;
    for isa in Isa::available() {
        let packed = PackedI8::for_isa(isa, k, 1, &vec![i8::MIN; k]).unwrap();
        for (a, zero_offset, product) in [(i8::MAX, -128, -255 * 128), (i8::MIN, 127, 255 * 128)] {
            let mut found = [0];
            sums(1, &vec![a; k], zero_offset, &packed, &mut found).unwrap();
            assert_eq!(found, [product * k as i32], "{isa:?}");
        }
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let packed = PackedF32::new(3, 2, &[0.0; 6]).unwrap();
    let none = Epilogue::default();
    let short = Epilogue { bias: Some(&[0.0]), ..none };
    assert!(gemm_f32(2, &[0.0; 5], &packed, none, &mut [0.0; 4]).is_err());
    assert!(gemm_f32(2, &[0.0; 6], &packed, none, &mut [0.0; 5]).is_err());
    assert!(gemm_f32(2, &[0.0; 6], &packed, short, &mut [0.0; 4]).is_err());
    assert!(gemm_f32(usize::MAX, &[0.0; 6], &packed, none, &mut [0.0; 4]).is_err());

    let depth = lengths::MAX_DEPTH_I8 + 1;
    let refused = PackedI8::new(depth, 1, &vec![0; depth]).unwrap_err();
    assert_eq!(refused, KernelError::Depth { found: depth, limit: lengths::MAX_DEPTH_I8 });
    let packed = PackedI8::new(1, 1, &[1]).unwrap();
    let refused = sums(1, &[1], 200, &packed, &mut [0]).unwrap_err();
    assert_eq!(refused, KernelError::ZeroOffset { found: 200 });
}
