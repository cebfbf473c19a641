//! The channels of a pixel in AVX2 registers, for a multiplier of 1.
//!
//! Channels left over by the blocks are done by one more block that ends with the last channel;
//! it repeats some sums, which come out the same.
#![allow(unsafe_code, reason = "vector loads and stores take pointers; bounds are asserted per pixel")]

use std::arch::x86_64::*;

use super::line::Pixel;
use crate::{Epilogue, Isa};

/// Whether a pixel of `channels` channels can be done here, in blocks of at least `block`. Panics
/// if a tap reaches beyond a slice, on which the pointers below rely.
fn accepts<V>(isa: Isa, pixel: &Pixel<'_, V>, channels: usize, block: usize) -> bool {
    if !isa.is_avx2() || pixel.multiplier != 1 || channels < block {
        return false;
    }
    if let Some(last) = pixel.taps.last() {
        assert!(last.source + channels <= pixel.input.len());
        assert!(last.weight + channels <= pixel.filter.len());
    }
    true
}

/// Calls `$block::<vectors>(arguments.., first channel)` until `$channels` channels are done.
macro_rules! for_each_block {
    ($channels:expr, $lanes:literal, $wide:literal, $block:ident($($argument:expr),*)) => {{
        let mut first = 0;
        while $channels - first >= $lanes * $wide {
            $block::<$wide>($($argument,)* first);
            first += $lanes * $wide;
        }
        while $channels - first >= $lanes {
            $block::<1>($($argument,)* first);
            first += $lanes;
        }
        if first < $channels {
            $block::<1>($($argument,)* $channels - $lanes);
        }
    }};
}

/// False, and nothing done, if these instructions do not suit.
#[inline]
pub(super) fn f32_pixel(
    isa: Isa,
    pixel: &Pixel<'_, f32>,
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> bool {
    if !accepts(isa, pixel, output.len(), 8) {
        return false;
    }
    if let Some(bias) = epilogue.bias {
        assert!(bias.len() == output.len());
    }
    // SAFETY: `accepts` has checked that the CPU has AVX2 and FMA, that the taps stay inside the
    // slices for as many channels as `output` has, and that these fill a block; so has `bias`.
    unsafe { f32_blocks(pixel, epilogue, output) };
    true
}

/// # Safety
/// `accepts(_, pixel, output.len(), 8)`, and a bias is as long as `output`.
#[target_feature(enable = "avx2,fma")]
unsafe fn f32_blocks(pixel: &Pixel<'_, f32>, epilogue: Epilogue<'_>, output: &mut [f32]) {
    // SAFETY: the blocks end within `output`.
    unsafe { for_each_block!(output.len(), 8, 4, f32_block(pixel, epilogue, output)) }
}

/// # Safety
/// As [`f32_blocks`], and `first + VECTORS * 8 <= output.len()`.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn f32_block<const VECTORS: usize>(
    pixel: &Pixel<'_, f32>,
    epilogue: Epilogue<'_>,
    output: &mut [f32],
    first: usize,
) {
    let mut sums = [_mm256_setzero_ps(); VECTORS];
    for tap in pixel.taps.list() {
        for (v, sum) in sums.iter_mut().enumerate() {
            let channel = first + v * 8;
            // SAFETY: channel + 8 <= output.len(), for which every tap stays inside both slices.
            let (value, weight) = unsafe {
                (
                    _mm256_loadu_ps(pixel.input.as_ptr().add(tap.source + channel)),
                    _mm256_loadu_ps(pixel.filter.as_ptr().add(tap.weight + channel)),
                )
            };
            *sum = _mm256_fmadd_ps(value, weight, *sum);
        }
    }
    let (low, high) = epilogue.activation.bounds();
    let (low, high) = (_mm256_set1_ps(low), _mm256_set1_ps(high));
    for (v, &sum) in sums.iter().enumerate() {
        let channel = first + v * 8;
        let sum = match epilogue.bias {
            // SAFETY: channel + 8 <= output.len(), which is the length of the bias.
            Some(bias) => _mm256_add_ps(sum, unsafe { _mm256_loadu_ps(bias.as_ptr().add(channel)) }),
            None => sum,
        };
        let sum = _mm256_min_ps(high, _mm256_max_ps(low, sum));
        // SAFETY: channel + 8 <= output.len().
        unsafe { _mm256_storeu_ps(output.as_mut_ptr().add(channel), sum) };
    }
}

/// False, and nothing done, if these instructions do not suit.
#[inline]
pub(super) fn i8_pixel(isa: Isa, pixel: &Pixel<'_, i8>, zero_offset: i16, output: &mut [i32]) -> bool {
    if !accepts(isa, pixel, output.len(), 16) {
        return false;
    }
    // SAFETY: `accepts` has checked that the CPU has AVX2, that the taps stay inside the slices for
    // as many channels as `output` has, and that these fill a block.
    unsafe { i8_blocks(pixel, zero_offset, output) };
    true
}

/// # Safety
/// `accepts(_, pixel, output.len(), 16)`.
#[target_feature(enable = "avx2,fma")]
unsafe fn i8_blocks(pixel: &Pixel<'_, i8>, zero_offset: i16, output: &mut [i32]) {
    let zero_offset = _mm256_set1_epi16(zero_offset);
    // SAFETY: the blocks end within `output`.
    unsafe { for_each_block!(output.len(), 16, 2, i8_block(pixel, zero_offset, output)) }
}

/// Sixteen channels per vector of i16; their products, in halves of 16 bits, are interleaved to
/// two vectors of i32: channels 0-3 and 8-11, then 4-7 and 12-15.
///
/// # Safety
/// As [`i8_blocks`], and `first + VECTORS * 16 <= output.len()`.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn i8_block<const VECTORS: usize>(
    pixel: &Pixel<'_, i8>,
    zero_offset: __m256i,
    output: &mut [i32],
    first: usize,
) {
    let mut sums = [[_mm256_setzero_si256(); 2]; VECTORS];
    for tap in pixel.taps.list() {
        for (v, sums) in sums.iter_mut().enumerate() {
            let channel = first + v * 16;
            // SAFETY: channel + 16 <= output.len(), for which every tap stays inside both slices.
            let (value, weight) = unsafe {
                (
                    _mm_loadu_si128(pixel.input.as_ptr().add(tap.source + channel).cast()),
                    _mm_loadu_si128(pixel.filter.as_ptr().add(tap.weight + channel).cast()),
                )
            };
            let value = _mm256_sub_epi16(_mm256_cvtepi8_epi16(value), zero_offset);
            let weight = _mm256_cvtepi8_epi16(weight);
            let (low, high) = (_mm256_mullo_epi16(value, weight), _mm256_mulhi_epi16(value, weight));
            sums[0] = _mm256_add_epi32(sums[0], _mm256_unpacklo_epi16(low, high));
            sums[1] = _mm256_add_epi32(sums[1], _mm256_unpackhi_epi16(low, high));
        }
    }
    for (v, sums) in sums.iter().enumerate() {
        let front = _mm256_permute2x128_si256::<0x20>(sums[0], sums[1]);
        let back = _mm256_permute2x128_si256::<0x31>(sums[0], sums[1]);
        // SAFETY: first + v * 16 + 16 <= output.len().
        unsafe {
            let out = output.as_mut_ptr().add(first + v * 16);
            _mm256_storeu_si256(out.cast(), front);
            _mm256_storeu_si256(out.add(8).cast(), back);
        }
    }
}
