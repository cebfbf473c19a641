//! Packs the values of a block that are not zero, and notices those that must be divided.

use std::arch::x86_64::*;

use super::{WIDTH, load};

/// Values that are packed at once; they stay in the L1 cache.
pub(super) const BLOCK: usize = 1024;

/// Which values are noticed while they are packed, and whether their signs are dropped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    pub(super) low: f32,
    pub(super) high: f32,
    /// Magnitudes below it are noticed, too.
    pub(super) tiny: f32,
    pub(super) magnitudes: bool,
}

impl Filter {
    /// Notices nothing.
    pub(super) const EVERYTHING: Self =
        Self { low: f32::NEG_INFINITY, high: f32::INFINITY, tiny: 0.0, magnitudes: false };

    /// Whether this value is noticed; a NaN is.
    pub(super) fn notices(&self, x: f32) -> bool {
        !(x >= self.low && x <= self.high && x.abs() >= self.tiny)
    }
}

/// The values of a block that are not zero, in order.
pub(super) struct Packed {
    /// The last vector written may reach past `len` by its zeros.
    values: [f32; BLOCK + WIDTH],
    len: usize,
    noticed: bool,
}

impl Packed {
    pub(super) fn new() -> Self {
        Self { values: [0.0; BLOCK + WIDTH], len: 0, noticed: false }
    }

    /// Replaces the content by the non-zero values of a block of at most [`BLOCK`] values.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn fill(&mut self, block: &[f32], filter: &Filter) {
        (self.len, self.noticed) = (0, false);
        let (vectors, rest) = block.as_chunks::<WIDTH>();
        for vector in vectors {
            self.push(load(vector), filter);
        }
        if !rest.is_empty() {
            let mut padded = [0.0; WIDTH];
            for (to, from) in padded.iter_mut().zip(rest) {
                *to = *from;
            }
            self.push(load(&padded), filter);
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn push(&mut self, vector: __m512, filter: &Filter) {
        let nonzero = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(vector, _mm512_setzero_ps());
        let magnitude = _mm512_abs_ps(vector);
        let vector = if filter.magnitudes { magnitude } else { vector };
        // The comparisons are written so that a NaN is outside.
        let outside = _mm512_cmp_ps_mask::<_CMP_NGE_UQ>(vector, _mm512_set1_ps(filter.low))
            | _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(vector, _mm512_set1_ps(filter.high))
            | _mm512_cmp_ps_mask::<_CMP_LT_OQ>(magnitude, _mm512_set1_ps(filter.tiny));
        self.noticed |= outside & nonzero != 0;
        if let Some(to) = self.values.get_mut(self.len..).and_then(|tail| tail.first_chunk_mut::<WIDTH>()) {
            // In a register first: straight to memory it takes many times as long.
            let packed = _mm512_maskz_compress_ps(nonzero, vector);
            // SAFETY: the reference covers the 64 bytes written; the store needs no alignment.
            unsafe { _mm512_storeu_ps(to.as_mut_ptr(), packed) };
            self.len += nonzero.count_ones() as usize;
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

    /// Whether the filter noticed any of the values.
    pub(super) fn noticed(&self) -> bool {
        self.noticed
    }
}
