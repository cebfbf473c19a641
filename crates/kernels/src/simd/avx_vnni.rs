//! 256 bits, with four bytes per word of int8 products.
#![allow(unsafe_code, reason = "instructions beyond the target; the token is the proof that they exist")]

use std::arch::x86_64::*;

use super::avx2::common_256;
use super::instructions::{instructions, memory_instructions};
use super::{Simd, ToI8};

/// Proof of AVX2, FMA and AVX-VNNI.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AvxVnni(());

impl AvxVnni {
    /// # Safety
    /// The CPU has AVX2, FMA and AVX-VNNI.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

impl Simd for AvxVnni {
    common_256!();

    const GROUP: usize = 4;
    const SHIFT: i32 = 128;
    const INTERLEAVED: usize = 4;

    instructions! {
        fn dot(sum: __m256i, activations: __m256i, weights: __m256i) -> __m256i {
            _mm256_dpbusd_avx_epi32(sum, activations, weights)
        }
    }

    memory_instructions! {
        fn splat_word(from: *const u8) -> __m256i {
            // Adding 128 to a byte flips its highest bit.
            _mm256_set1_epi32(from.cast::<i32>().read_unaligned() ^ 0x8080_8080_u32.cast_signed())
        }
        fn interleave(rows: [*const i8; 4], to: *mut i32) {{
            // Words change places, so that unpacking gives channels in order.
            let order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
            let row = |row: *const i8| {
                let shifted = _mm256_xor_si256(_mm256_loadu_si256(row.cast()), _mm256_set1_epi8(-128));
                _mm256_permutevar8x32_epi32(shifted, order)
            };
            let [a, b, c, d] = rows.map(row);
            let (ab, cd) = (_mm256_unpacklo_epi8(a, b), _mm256_unpacklo_epi8(c, d));
            _mm256_storeu_si256(to.cast(), _mm256_unpacklo_epi16(ab, cd));
            _mm256_storeu_si256(to.add(8).cast(), _mm256_unpackhi_epi16(ab, cd));
            let (ab, cd) = (_mm256_unpackhi_epi8(a, b), _mm256_unpackhi_epi8(c, d));
            _mm256_storeu_si256(to.add(16).cast(), _mm256_unpacklo_epi16(ab, cd));
            _mm256_storeu_si256(to.add(24).cast(), _mm256_unpackhi_epi16(ab, cd));
        }}
    }
}
