//! Packs the values of a block that are not zero, in order.

use std::arch::x86_64::*;

use super::{BLOCK, WIDTH, load};

/// The values of a block that are not zero, in order.
pub(super) struct Packed {
    /// The last vector written may reach past `len` by its zeros.
    values: [f32; BLOCK + WIDTH],
    len: usize,
}

impl Packed {
    pub(super) fn new() -> Self {
        Self { values: [0.0; BLOCK + WIDTH], len: 0 }
    }

    /// Replaces the content by the non-zero values of a block of at most [`BLOCK`] values.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn fill(&mut self, block: &[f32]) {
        self.len = 0;
        let (vectors, rest) = block.as_chunks::<WIDTH>();
        for vector in vectors {
            self.push(load(vector));
        }
        if !rest.is_empty() {
            let mut padded = [0.0; WIDTH];
            for (to, from) in padded.iter_mut().zip(rest) {
                *to = *from;
            }
            self.push(load(&padded));
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn push(&mut self, vector: __m256) {
        let nonzero = _mm256_cmp_ps::<_CMP_NEQ_UQ>(vector, _mm256_setzero_ps());
        let mask = _mm256_movemask_ps(nonzero) as u8;
        let lanes = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(NONZERO_FIRST[mask as usize] as i64));
        let packed = _mm256_permutevar8x32_ps(vector, lanes);
        if let Some(to) = self.values.get_mut(self.len..).and_then(|tail| tail.first_chunk_mut::<WIDTH>()) {
            // SAFETY: the reference covers the 32 bytes written; the store needs no alignment.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), packed) };
            self.len += mask.count_ones() as usize;
        }
    }

    /// Replaces the values by their magnitudes.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn take_magnitudes(&mut self) {
        for value in &mut self.values[..self.len] {
            *value = value.abs();
        }
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values[..self.len]
    }

    /// The values by vectors; behind the last one are finite numbers of no meaning.
    pub(super) fn vectors(&self) -> &[[f32; WIDTH]] {
        let (vectors, _) = self.values.as_chunks();
        &vectors[..self.len.div_ceil(WIDTH)]
    }
}

/// For each mask the numbers of its set bits, ascending, one per byte from the lowest.
const NONZERO_FIRST: [u64; 256] = {
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
