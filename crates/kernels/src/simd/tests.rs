//! Tests of the vector operations of every instruction set against their definitions.

#![allow(unsafe_code, reason = "the methods under test take pointers")]

use super::{Simd, ToI8};
use crate::Isa;
use crate::isa::Vectorized;
use crate::samples::Samples;

struct Int8;

impl Vectorized for Int8 {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        stores::<S, 1>(simd);
        stores::<S, 2>(simd);
        stores::<S, 4>(simd);
        interleaves(simd);
        dots(simd);
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
    Isa::available().for_each(|isa| isa.run_vectorized(Int8));
}
