//! Stores of several vectors of which not all elements exist.
#![allow(unsafe_code, reason = "stores take pointers")]

use crate::simd::Simd;

/// Stores the first `count` elements.
///
/// # Safety
/// `to` is valid for writing `count` elements, of which there are at most V * LANES.
#[inline(always)]
pub(crate) unsafe fn store_f32<S: Simd, const V: usize>(
    simd: S,
    vectors: [S::F32; V],
    count: usize,
    to: *mut f32,
) {
    for (v, vector) in vectors.into_iter().enumerate() {
        let left = count.saturating_sub(v * S::LANES);
        // SAFETY: v * LANES and what is left of `count` lie in `to`, unless nothing is left.
        unsafe {
            if left >= S::LANES {
                simd.store_f32(to.add(v * S::LANES), vector);
            } else if left > 0 {
                simd.store_f32_first(to.add(v * S::LANES), vector, left);
            }
        }
    }
}

/// Stores the first `count` elements.
///
/// # Safety
/// As [`store_f32`].
#[inline(always)]
pub(crate) unsafe fn store_i32<S: Simd, const V: usize>(
    simd: S,
    vectors: [S::I32; V],
    count: usize,
    to: *mut i32,
) {
    for (v, vector) in vectors.into_iter().enumerate() {
        let left = count.saturating_sub(v * S::LANES);
        // SAFETY: v * LANES and what is left of `count` lie in `to`, unless nothing is left.
        unsafe {
            if left >= S::LANES {
                simd.store_i32(to.add(v * S::LANES), vector);
            } else if left > 0 {
                simd.store_i32_first(to.add(v * S::LANES), vector, left);
            }
        }
    }
}
