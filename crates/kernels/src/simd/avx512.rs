//! 512 bits, with four bytes per word of int8 products.
#![allow(unsafe_code, reason = "instructions beyond the target; the token is the proof that they exist")]

use std::arch::x86_64::*;

use super::instructions::{instructions, memory_instructions};
use super::{Simd, ToI8};

/// Proof of AVX-512 F, BW, DQ, VL and VNNI.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// # Safety
    /// The CPU has AVX-512 F, BW, DQ, VL and VNNI.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

/// The lowest `count` bits.
#[inline(always)]
fn first_bits(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

/// V * 16 int8, in the lowest bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn to_i8<const V: usize>(values: [__m512i; V], how: ToI8) -> __m512i {
    let offset = _mm512_set1_epi16(how.offset.into());
    let value = |index: usize| values[index.min(V - 1)];
    let low = _mm512_adds_epi16(_mm512_packs_epi32(value(0), value(1)), offset);
    let high = if V > 2 { _mm512_adds_epi16(_mm512_packs_epi32(value(2), value(3)), offset) } else { low };
    // Each quarter holds four bytes of every vector; gather those of the first, of the second, ...
    let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    let bytes = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(low, high));
    _mm512_min_epi8(_mm512_max_epi8(bytes, _mm512_set1_epi8(how.low)), _mm512_set1_epi8(how.high))
}

impl Simd for Avx512 {
    const LANES: usize = 16;
    const REGISTERS: usize = 32;
    const FUSED: bool = true;
    const GROUP: usize = 4;
    const SHIFT: i32 = 128;
    const INTERLEAVED: usize = 4;

    type F32 = __m512;
    type I32 = __m512i;

    instructions! {
        fn splat_f32(x: f32) -> __m512 { _mm512_set1_ps(x) }
        fn add_f32(a: __m512, b: __m512) -> __m512 { _mm512_add_ps(a, b) }
        fn sub_f32(a: __m512, b: __m512) -> __m512 { _mm512_sub_ps(a, b) }
        fn mul_f32(a: __m512, b: __m512) -> __m512 { _mm512_mul_ps(a, b) }
        fn div_f32(a: __m512, b: __m512) -> __m512 { _mm512_div_ps(a, b) }
        fn mul_add(a: __m512, b: __m512, c: __m512) -> __m512 { _mm512_fmadd_ps(a, b, c) }
        fn clip(x: __m512, low: __m512, high: __m512) -> __m512 {
            _mm512_min_ps(high, _mm512_max_ps(low, x))
        }
        fn min_unsigned(a: __m512, b: __m512) -> __m512 {
            // Floats without sign are ordered as integers, whose minimum has more units.
            _mm512_castsi512_ps(_mm512_min_epu32(_mm512_castps_si512(a), _mm512_castps_si512(b)))
        }
        fn trunc(x: __m512) -> __m512 {
            _mm512_roundscale_ps::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(x)
        }
        fn with_sign(x: __m512, sign: __m512) -> __m512 {
            _mm512_or_ps(x, _mm512_and_ps(sign, _mm512_set1_ps(-0.0)))
        }
        fn to_f32(x: __m512i) -> __m512 { _mm512_cvtepi32_ps(x) }
        fn truncate(x: __m512) -> __m512i { _mm512_cvttps_epi32(x) }
        fn splat_i32(x: i32) -> __m512i { _mm512_set1_epi32(x) }
        fn add_i32(a: __m512i, b: __m512i) -> __m512i { _mm512_add_epi32(a, b) }
        fn mul_i32(a: __m512i, b: __m512i) -> __m512i { _mm512_mullo_epi32(a, b) }
        fn and_i32(a: __m512i, b: __m512i) -> __m512i { _mm512_and_si512(a, b) }
        fn shift_right(x: __m512i, by: __m512i) -> __m512i { _mm512_srlv_epi32(x, by) }
        fn cast_i32(x: __m512) -> __m512i { _mm512_castps_si512(x) }
        fn cast_f32(x: __m512i) -> __m512 { _mm512_castsi512_ps(x) }
        fn differ(a: __m512, b: __m512) -> u32 { _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(a, b).into() }
        fn at_most(a: __m512, b: __m512) -> u32 { _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b).into() }
        fn odd(x: __m512i) -> u32 { _mm512_test_epi32_mask(x, _mm512_set1_epi32(1)).into() }
        fn compress(x: __m512, bits: u32) -> __m512 { _mm512_maskz_compress_ps(bits as __mmask16, x) }
        fn dot(sum: __m512i, activations: __m512i, weights: __m512i) -> __m512i {
            _mm512_dpbusd_epi32(sum, activations, weights)
        }
    }

    memory_instructions! {
        fn load_f32(from: *const f32) -> __m512 { _mm512_loadu_ps(from) }
        fn load_i32(from: *const i32) -> __m512i { _mm512_loadu_si512(from.cast()) }
        fn gather_i32(from: *const i32, index: __m512i) -> __m512i {
            _mm512_i32gather_epi32::<4>(index, from)
        }
        fn store_f32(to: *mut f32, x: __m512) { _mm512_storeu_ps(to, x) }
        fn store_i32(to: *mut i32, x: __m512i) { _mm512_storeu_si512(to.cast(), x) }
        fn load_f32_first(from: *const f32, count: usize) -> __m512 {
            _mm512_maskz_loadu_ps(first_bits(count) as __mmask16, from)
        }
        fn store_f32_first(to: *mut f32, x: __m512, count: usize) {
            _mm512_mask_storeu_ps(to, first_bits(count) as __mmask16, x)
        }
        fn store_i32_first(to: *mut i32, x: __m512i, count: usize) {
            _mm512_mask_storeu_epi32(to, first_bits(count) as __mmask16, x)
        }
        fn splat_word(from: *const u8) -> __m512i {{
            let word = _mm512_set1_epi32(from.cast::<i32>().read_unaligned());
            // Adding 128 to a byte flips its highest bit.
            _mm512_xor_si512(word, _mm512_set1_epi8(-128))
        }}
        fn interleave(rows: [*const i8; 4], to: *mut i32) {{
            // Words change places, so that unpacking gives channels in order.
            let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
            let row = |row: *const i8| {
                let shifted = _mm512_xor_si512(_mm512_loadu_si512(row.cast()), _mm512_set1_epi8(-128));
                _mm512_permutexvar_epi32(order, shifted)
            };
            let [a, b, c, d] = rows.map(row);
            let (ab, cd) = (_mm512_unpacklo_epi8(a, b), _mm512_unpacklo_epi8(c, d));
            _mm512_storeu_si512(to.cast(), _mm512_unpacklo_epi16(ab, cd));
            _mm512_storeu_si512(to.add(16).cast(), _mm512_unpackhi_epi16(ab, cd));
            let (ab, cd) = (_mm512_unpackhi_epi8(a, b), _mm512_unpackhi_epi8(c, d));
            _mm512_storeu_si512(to.add(32).cast(), _mm512_unpacklo_epi16(ab, cd));
            _mm512_storeu_si512(to.add(48).cast(), _mm512_unpackhi_epi16(ab, cd));
        }}
    }

    #[inline(always)]
    unsafe fn store_i8<const V: usize>(self, to: *mut i8, values: [__m512i; V], how: ToI8, count: usize) {
        // SAFETY: only `count` bytes are written, valid by the trait's contract; the token is the
        // proof that the CPU has these instructions.
        unsafe {
            let bytes = to_i8(values, how);
            match (V, count) {
                (4, 64) => _mm512_storeu_si512(to.cast(), bytes),
                (2, 32) => _mm256_storeu_si256(to.cast(), _mm512_castsi512_si256(bytes)),
                (1, 16) => _mm_storeu_si128(to.cast(), _mm512_castsi512_si128(bytes)),
                _ => _mm512_mask_storeu_epi8(to, first_bits(count), bytes),
            }
        }
    }
}
