//! 256 bits, with pairs of i16 for int8 products.
#![allow(unsafe_code, reason = "instructions beyond the target; the token is the proof that they exist")]

use std::arch::x86_64::*;

use super::instructions::{instructions, memory_instructions};
use super::{Simd, ToI8};

/// Proof of AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// # Safety
    /// The CPU has AVX2 and FMA.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

/// Sixteen int8 of two vectors.
#[inline]
#[target_feature(enable = "avx2")]
fn to_i8(first: __m256i, second: __m256i, how: ToI8) -> __m128i {
    let words = _mm256_packs_epi32(first, second);
    let moved = _mm256_adds_epi16(words, _mm256_set1_epi16(how.offset.into()));
    // Four bytes of `first`, four of `second`, in each half.
    let bytes = _mm256_packs_epi16(moved, moved);
    let order = _mm256_setr_epi32(0, 4, 1, 5, 0, 0, 0, 0);
    let bytes = _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(bytes, order));
    _mm_min_epi8(_mm_max_epi8(bytes, _mm_set1_epi8(how.low)), _mm_set1_epi8(how.high))
}

/// Stores the first `count` of 16 bytes.
///
/// # Safety
/// `to` is valid for writing `count` bytes, at most 16.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn store_bytes(to: *mut i8, bytes: __m128i, count: usize) {
    // SAFETY: each branch writes no more than `count` bytes.
    unsafe {
        match count {
            16 => _mm_storeu_si128(to.cast(), bytes),
            8 => _mm_storel_epi64(to.cast(), bytes),
            _ => {
                let mut buffer = [0_i8; 16];
                _mm_storeu_si128(buffer.as_mut_ptr().cast(), bytes);
                std::ptr::copy_nonoverlapping(buffer.as_ptr(), to, count);
            }
        }
    }
}

/// [`Simd::store_i8`] for every instruction set of this width.
///
/// # Safety
/// See there.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn store_i8<const V: usize>(to: *mut i8, values: [__m256i; V], how: ToI8, count: usize) {
    for first in (0..V).step_by(2) {
        let second = values.get(first + 1).copied().unwrap_or_else(|| _mm256_setzero_si256());
        let bytes = to_i8(values[first], second, how);
        let count = count.saturating_sub(first * 8).min(16);
        // SAFETY: these are bytes first * 8 to first * 8 + count, the last of which is `count`'s.
        unsafe { store_bytes(to.wrapping_add(first * 8), bytes, count) };
    }
}

/// The lanes below `count`, as a mask.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn first_lanes(count: usize) -> __m256i {
    _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
}

/// For each mask the numbers of its set bits, ascending, one per byte from the lowest.
pub(super) const SET_BITS: [u64; 256] = {
    let mut table = [0; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut bit, mut byte) = (0, 0);
        while bit < 8 {
            if mask >> bit & 1 == 1 {
                table[mask] |= (bit as u64) << (8 * byte);
                byte += 1;
            }
            bit += 1;
        }
        mask += 1;
    }
    table
};

/// What all instruction sets of this width have in common.
macro_rules! common_256 {
    () => {
        const LANES: usize = 8;
        const REGISTERS: usize = 16;
        const FUSED: bool = true;

        type F32 = __m256;
        type I32 = __m256i;

        instructions! {
            fn splat_f32(x: f32) -> __m256 { _mm256_set1_ps(x) }
            fn add_f32(a: __m256, b: __m256) -> __m256 { _mm256_add_ps(a, b) }
            fn sub_f32(a: __m256, b: __m256) -> __m256 { _mm256_sub_ps(a, b) }
            fn mul_f32(a: __m256, b: __m256) -> __m256 { _mm256_mul_ps(a, b) }
            fn div_f32(a: __m256, b: __m256) -> __m256 { _mm256_div_ps(a, b) }
            fn mul_add(a: __m256, b: __m256, c: __m256) -> __m256 { _mm256_fmadd_ps(a, b, c) }
            fn clip(x: __m256, low: __m256, high: __m256) -> __m256 {
                _mm256_min_ps(high, _mm256_max_ps(low, x))
            }
            fn min_unsigned(a: __m256, b: __m256) -> __m256 { _mm256_min_ps(a, b) }
            fn trunc(x: __m256) -> __m256 {
                _mm256_round_ps::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(x)
            }
            fn with_sign(x: __m256, sign: __m256) -> __m256 {
                _mm256_or_ps(x, _mm256_and_ps(sign, _mm256_set1_ps(-0.0)))
            }
            fn to_f32(x: __m256i) -> __m256 { _mm256_cvtepi32_ps(x) }
            fn truncate(x: __m256) -> __m256i { _mm256_cvttps_epi32(x) }
            fn splat_i32(x: i32) -> __m256i { _mm256_set1_epi32(x) }
            fn add_i32(a: __m256i, b: __m256i) -> __m256i { _mm256_add_epi32(a, b) }
            fn mul_i32(a: __m256i, b: __m256i) -> __m256i { _mm256_mullo_epi32(a, b) }
            fn and_i32(a: __m256i, b: __m256i) -> __m256i { _mm256_and_si256(a, b) }
            fn shift_right(x: __m256i, by: __m256i) -> __m256i { _mm256_srlv_epi32(x, by) }
            fn cast_i32(x: __m256) -> __m256i { _mm256_castps_si256(x) }
            fn cast_f32(x: __m256i) -> __m256 { _mm256_castsi256_ps(x) }
            fn differ(a: __m256, b: __m256) -> u32 {
                _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NEQ_UQ>(a, b)) as u32
            }
            fn at_most(a: __m256, b: __m256) -> u32 {
                _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(a, b)) as u32
            }
            fn odd(x: __m256i) -> u32 {
                _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_slli_epi32::<31>(x))) as u32
            }
            fn compress(x: __m256, bits: u32) -> __m256 {{
                let order = crate::simd::avx2::SET_BITS[bits as usize & 255];
                let order = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(order.cast_signed()));
                _mm256_permutevar8x32_ps(x, order)
            }}
        }

        memory_instructions! {
            fn load_f32(from: *const f32) -> __m256 { _mm256_loadu_ps(from) }
            fn load_i32(from: *const i32) -> __m256i { _mm256_loadu_si256(from.cast()) }
            fn gather_i32(from: *const i32, index: __m256i) -> __m256i {
                _mm256_i32gather_epi32::<4>(from, index)
            }
            fn store_f32(to: *mut f32, x: __m256) { _mm256_storeu_ps(to, x) }
            fn store_i32(to: *mut i32, x: __m256i) { _mm256_storeu_si256(to.cast(), x) }
            fn load_f32_first(from: *const f32, count: usize) -> __m256 {
                _mm256_maskload_ps(from, crate::simd::avx2::first_lanes(count))
            }
            fn store_f32_first(to: *mut f32, x: __m256, count: usize) {
                _mm256_maskstore_ps(to, crate::simd::avx2::first_lanes(count), x)
            }
            fn store_i32_first(to: *mut i32, x: __m256i, count: usize) {
                _mm256_maskstore_epi32(to, crate::simd::avx2::first_lanes(count), x)
            }
        }

        #[inline(always)]
        unsafe fn store_i8<const V: usize>(self, to: *mut i8, values: [__m256i; V], how: ToI8, count: usize) {
            // SAFETY: the trait's contract is the function's, the token the proof of AVX2.
            unsafe { crate::simd::avx2::store_i8(to, values, how, count) }
        }
    };
}

pub(super) use common_256;

impl Simd for Avx2 {
    common_256!();

    const GROUP: usize = 2;
    const SHIFT: i32 = 0;
    const INTERLEAVED: usize = 2;

    instructions! {
        fn dot(sum: __m256i, activations: __m256i, weights: __m256i) -> __m256i {
            _mm256_add_epi32(sum, _mm256_madd_epi16(activations, weights))
        }
    }

    memory_instructions! {
        fn splat_word(from: *const u8) -> __m256i {
            _mm256_set1_epi32(from.cast::<i32>().read_unaligned())
        }
        fn interleave(rows: [*const i8; 4], to: *mut i32) {{
            // The middle quarters change places, so that unpacking gives channels in order.
            let row = |row: *const i8| {
                let wide = _mm256_cvtepi8_epi16(_mm_loadu_si128(row.cast()));
                _mm256_permute4x64_epi64::<0b11_01_10_00>(wide)
            };
            let (first, second) = (row(rows[0]), row(rows[1]));
            _mm256_storeu_si256(to.cast(), _mm256_unpacklo_epi16(first, second));
            _mm256_storeu_si256(to.add(8).cast(), _mm256_unpackhi_epi16(first, second));
        }}
    }
}
