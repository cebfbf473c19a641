//! Steps of epilogues on vectors, which several kernels share.
#![allow(unsafe_code, reason = "stores take pointers")]

use crate::Norm;
use crate::simd::Simd;

/// A vector of channels of a [`Norm`].
#[derive(Clone, Copy)]
pub(crate) struct LoadedNorm<S: Simd> {
    mean: S::F32,
    factor: S::F32,
    offset: S::F32,
}

impl<S: Simd> LoadedNorm<S> {
    /// The channels from `channel` on.
    ///
    /// # Safety
    /// Each part of `norm` is valid for reading LANES elements from `channel` on.
    #[inline(always)]
    pub(crate) unsafe fn load(simd: S, norm: Norm<'_>, channel: usize) -> Self {
        // SAFETY: the caller's.
        let [mean, factor, offset] = [norm.mean, norm.factor, norm.offset]
            .map(|values| unsafe { simd.load_f32(values.as_ptr().add(channel)) });
        Self { mean, factor, offset }
    }

    #[inline(always)]
    pub(crate) fn apply(self, simd: S, x: S::F32) -> S::F32 {
        simd.add_f32(simd.mul_f32(simd.sub_f32(x, self.mean), self.factor), self.offset)
    }
}

/// Stores the first `count` elements, or adds them to what is there.
///
/// # Safety
/// `to` is valid for reading and writing `count` elements, of which there are at most V * LANES.
#[inline(always)]
pub(crate) unsafe fn store_f32_vectors<S: Simd, const V: usize>(
    simd: S,
    mut vectors: [S::F32; V],
    count: usize,
    accumulate: bool,
    to: *mut f32,
) {
    for (v, vector) in vectors.iter_mut().enumerate() {
        let left = count.saturating_sub(v * S::LANES);
        // SAFETY: v * LANES and what is left of `count` lie in `to`, unless nothing is left.
        unsafe {
            let to = to.wrapping_add(v * S::LANES);
            if left >= S::LANES {
                if accumulate {
                    *vector = simd.add_f32(*vector, simd.load_f32(to));
                }
                simd.store_f32(to, *vector);
            } else if left > 0 {
                if accumulate {
                    *vector = simd.add_f32(*vector, simd.load_f32_first(to, left));
                }
                simd.store_f32_first(to, *vector, left);
            }
        }
    }
}

/// Stores the first `count` elements.
///
/// # Safety
/// As [`store_f32_vectors`].
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
