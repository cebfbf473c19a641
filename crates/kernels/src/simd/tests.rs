//! Tests of the vector operations of every instruction set against their definitions.

#![allow(unsafe_code, reason = "the methods under test take pointers")]

use super::{Simd, ToI8, gather, load, store};
use crate::Isa;
use crate::isa::Kernel;
use crate::samples::{Samples, assert_bits};

struct Int8;

impl Kernel for Int8 {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        stores::<S, 1>(simd);
        stores::<S, 2>(simd);
        stores::<S, 4>(simd);
        interleaves(simd);
        dots(simd);
        floats(simd);
        bits(simd);
        masks(simd);
    }
}

/// A vector of values, repeated.
#[inline(always)]
fn vector<S: Simd>(simd: S, values: &[f32], first: usize) -> (S::F32, Vec<f32>) {
    let values: Vec<f32> = (0..S::LANES).map(|lane| values[(first + lane) % values.len()]).collect();
    (load(simd, &values), values)
}

#[inline(always)]
fn lanes<S: Simd>(simd: S, x: S::F32) -> Vec<f32> {
    let mut values = vec![0.0; S::LANES];
    store(simd, &mut values, x);
    values
}

/// Numbers of all magnitudes, both zeros, both infinities and a NaN.
const FLOATS: [f32; 16] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.499_999_97,
    3e-45,
    -2.5,
    8_388_607.5,
    -8_388_609.0,
    1e30,
    -3e38,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    2_147_483_648.0,
    -77.25,
];

#[inline(always)]
fn floats<S: Simd>(simd: S) {
    for shift in 0..FLOATS.len() {
        let ((a, xs), (b, ys)) = (vector(simd, &FLOATS, shift), vector(simd, &FLOATS, 3 * shift + 1));
        let quotients: Vec<f32> = xs.iter().zip(&ys).map(|(x, y)| x / y).collect();
        assert_bits(&lanes(simd, simd.div_f32(a, b)), &quotients, "quotients");
        let whole: Vec<f32> = xs.iter().map(|x| x.trunc()).collect();
        assert_bits(&lanes(simd, simd.trunc(a)), &whole, "fractions cut off");
        let sign = |x: f32| if x.is_nan() { 1.0 } else { x.abs() };
        let [magnitudes_a, magnitudes_b] =
            [&xs, &ys].map(|v| v.iter().copied().map(sign).collect::<Vec<f32>>());
        let (a, b) = (load(simd, &magnitudes_a), load(simd, &magnitudes_b));
        let least: Vec<f32> = magnitudes_a.iter().zip(&magnitudes_b).map(|(x, y)| x.min(*y)).collect();
        assert_bits(&lanes(simd, simd.min_unsigned(a, b)), &least, "the smaller ones");
    }
}

#[inline(always)]
fn bits<S: Simd>(simd: S) {
    let words: [u32; 64] = std::array::from_fn(|i| (i as u32).wrapping_mul(0x9E37_79B9));
    for first in 0..64 {
        let (x, values) = vector(simd, &FLOATS, first);
        let index = simd.and_i32(simd.cast_i32(x), simd.splat_i32(0x7F));
        let shifted = simd.shift_right(simd.cast_i32(x), index_of_lanes(simd, first));
        let found =
            [simd.cast_f32(shifted), simd.cast_f32(gather(simd, &words, index))].map(|x| lanes(simd, x));
        for (lane, value) in values.iter().enumerate() {
            let by = (first + lane) % 32;
            assert_eq!(found[0][lane].to_bits(), value.to_bits() >> by, "{value} shifted by {by}");
            assert_eq!(found[1][lane].to_bits(), words[(value.to_bits() & 0x3F) as usize], "{value}");
        }
    }
}

/// `(first + lane) % 32` in each lane.
#[inline(always)]
fn index_of_lanes<S: Simd>(simd: S, first: usize) -> S::I32 {
    let values: Vec<i32> = (0..S::LANES).map(|lane| ((first + lane) % 32) as i32).collect();
    // SAFETY: LANES values exist.
    unsafe { simd.load_i32(values.as_ptr()) }
}

#[inline(always)]
fn masks<S: Simd>(simd: S) {
    let mask = |lanes: Vec<bool>| lanes.iter().rev().fold(0, |bits, lane| bits << 1 | u32::from(*lane));
    for shift in 0..FLOATS.len() {
        let ((a, xs), (b, ys)) = (vector(simd, &FLOATS, shift), vector(simd, &FLOATS, 5 * shift));
        let pairs = || xs.iter().zip(&ys);
        assert_eq!(simd.differ(a, b), mask(pairs().map(|(x, y)| x != y).collect()), "{xs:?} {ys:?}");
        assert_eq!(simd.at_most(a, b), mask(pairs().map(|(x, y)| x <= y).collect()), "{xs:?} {ys:?}");
        let odd = mask(xs.iter().map(|x| x.to_bits() & 1 == 1).collect());
        assert_eq!(simd.odd(simd.cast_i32(a)), odd, "{xs:?}");
    }
    let (x, values) = vector(simd, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 0);
    for bits in (0..1_u32 << S::LANES).step_by(if S::LANES > 8 { 37 } else { 1 }) {
        let kept: Vec<f32> =
            (0..S::LANES).filter(|lane| bits >> lane & 1 == 1).map(|lane| values[lane]).collect();
        assert_eq!(lanes(simd, simd.compress(x, bits))[..kept.len()], kept, "{bits:b}");
    }
}

fn stores<S: Simd, const V: usize>(simd: S) {
    let values: Vec<i32> = (0..V * S::LANES).map(|i| (i as i32 - 20) * 9).collect();
    let vectors: [S::I32; V] = std::array::from_fn(|v| {
        // SAFETY: V vectors of values exist.
        unsafe { simd.load_i32(values.as_ptr().add(v * S::LANES)) }
    });
    for how in [ToI8 { offset: -128, low: -128, high: 127 }, ToI8 { offset: 5, low: -7, high: 90 }] {
        for count in 0..=values.len() {
            let mut found = vec![77; values.len()];
            // SAFETY: count <= found.len().
            unsafe { simd.store_i8(found.as_mut_ptr(), vectors, how, count) };
            let expected = values.iter().take(count).map(|&value| how.apply(value));
            let expected: Vec<i8> = expected.chain(std::iter::repeat_n(77, values.len() - count)).collect();
            assert_eq!(found, expected, "{V} vectors, {count} values");
        }
    }
    let extremes: Vec<i32> = (0..S::LANES).map(|i| [i32::MAX, i32::MIN][i % 2]).collect();
    let mut found = vec![0; S::LANES];
    // SAFETY: both have LANES elements.
    unsafe {
        let vector = simd.load_i32(extremes.as_ptr());
        simd.store_i8(found.as_mut_ptr(), [vector], ToI8 { offset: 1, low: -128, high: 127 }, S::LANES);
    }
    assert!(found.chunks(2).all(|pair| pair == [127, -128]), "{found:?}");
}

fn interleaves<S: Simd>(simd: S) {
    let len = S::INTERLEAVED * S::LANES;
    let rows: Vec<Vec<i8>> = (0..4).map(|seed| Samples::new(seed).i8s(len)).collect();
    let mut words = vec![0; len];
    // SAFETY: all have `len` elements.
    unsafe { simd.interleave([0, 1, 2, 3].map(|i: usize| rows[i].as_ptr()), words.as_mut_ptr()) };
    for (channel, word) in words.into_iter().enumerate() {
        let bytes = word.to_le_bytes();
        let found: Vec<i32> = match S::GROUP {
            4 => bytes.map(i32::from).to_vec(),
            _ => bytes.chunks(2).map(|half| i16::from_le_bytes([half[0], half[1]]).into()).collect(),
        };
        let expected: Vec<i32> =
            rows.iter().take(S::GROUP).map(|row| i32::from(row[channel]) + S::SHIFT).collect();
        assert_eq!(found, expected, "channel {channel}");
    }
}

fn dots<S: Simd>(simd: S) {
    let activations = [i8::MIN, i8::MAX, -1, 77];
    let weights = [i8::MIN, i8::MIN, 127, -3];
    let word = |values: &[i8]| match S::GROUP {
        4 => i32::from_le_bytes(std::array::from_fn(|i| values[i] as u8)),
        _ => i32::from(values[0]) & 0xffff | i32::from(values[1]) << 16,
    };
    let prepared = word(&activations).to_le_bytes();
    let mut sums = vec![0; S::LANES];
    // SAFETY: the word has 4 bytes, `sums` LANES elements.
    unsafe {
        let activations = simd.splat_word(prepared.as_ptr());
        let sum = simd.dot(simd.splat_i32(1000), activations, simd.splat_i32(word(&weights)));
        simd.store_i32(sums.as_mut_ptr(), sum);
    }
    let products = activations.into_iter().zip(weights).take(S::GROUP);
    let expected = 1000 + products.map(|(q, w)| (i32::from(q) + S::SHIFT) * i32::from(w)).sum::<i32>();
    assert_eq!(sums, vec![expected; S::LANES]);
}

#[test]
fn every_instruction_set_equals_its_definition() {
    Isa::available().for_each(|isa| isa.run(Int8));
}
