//! Loads and stores of whole vectors in slices, with a check in place of a contract.
#![allow(unsafe_code, reason = "the trait's loads and stores take pointers")]

use super::Simd;

/// The first elements of `values`.
///
/// # Panics
/// If there are fewer than a vector has lanes.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, values: &[f32]) -> S::F32 {
    let values = &values[..S::LANES];
    // SAFETY: the slice has LANES elements.
    unsafe { simd.load_f32(values.as_ptr()) }
}

/// Writes the first elements of `to`.
///
/// # Panics
/// As [`load`].
#[inline(always)]
pub(crate) fn store<S: Simd>(simd: S, to: &mut [f32], x: S::F32) {
    let to = &mut to[..S::LANES];
    // SAFETY: the slice has LANES elements.
    unsafe { simd.store_f32(to.as_mut_ptr(), x) };
}

/// The element at each lane of `index`.
///
/// N is a power of two, and so many bits of an index count as there are numbers below N.
#[inline(always)]
pub(crate) fn gather<S: Simd, const N: usize>(simd: S, from: &[u32; N], index: S::I32) -> S::I32 {
    const { assert!(N.is_power_of_two() && N <= 1 << 31) };
    let index = simd.and_i32(index, simd.splat_i32((N - 1) as i32));
    // SAFETY: every index is below N, and u32 and i32 have the same size and alignment.
    unsafe { simd.gather_i32(from.as_ptr().cast(), index) }
}
