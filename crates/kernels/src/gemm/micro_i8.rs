//! Exact sums of int8 products, and what follows them.
//!
//! With activations q, their zero offset z and weights w, the sum of (q - z) * w over a column is
//! the sum of (q + SHIFT) * w, which the words give, less (z + SHIFT) times the sum of the column's
//! w. Words cannot saturate and i32 wraps around, so only the result has to fit.
#![allow(unsafe_code, reason = "the trait's loads and stores take pointers")]

use super::tile::MicroKernel;
use crate::i32_epilogue::OutputStage;
use crate::simd::Simd;

/// Accumulators with bias, and what becomes of them.
#[derive(Clone, Copy)]
pub(super) struct I8MicroKernel<'a, O> {
    /// The sum of each column's weights, missing columns included.
    pub(super) weight_sums: &'a [i32],
    /// One value per column, missing ones included.
    pub(super) bias: Option<&'a [i32]>,
    pub(super) zero_offset: i32,
    pub(super) stage: O,
}

impl<O: OutputStage> MicroKernel for I8MicroKernel<'_, O> {
    type Accumulator<S: Simd> = S::I32;
    type Rhs = i32;
    type Out = O::Out;

    #[inline(always)]
    unsafe fn start<S: Simd, const V: usize>(self, simd: S, column: usize) -> [S::I32; V] {
        let correction = simd.splat_i32(-(self.zero_offset + S::SHIFT));
        let mut start = [correction; V];
        for (v, start) in start.iter_mut().enumerate() {
            let column = column + v * S::LANES;
            // SAFETY: the slice has a value for each of these columns.
            let sums = unsafe { simd.load_i32(self.weight_sums.as_ptr().add(column)) };
            *start = simd.mul_i32(sums, correction);
            if let Some(bias) = self.bias {
                // SAFETY: as above.
                *start = simd.add_i32(*start, unsafe { simd.load_i32(bias.as_ptr().add(column)) });
            }
        }
        start
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(simd: S, from: *const i32) -> S::I32 {
        // SAFETY: the caller's.
        unsafe { simd.load_i32(from) }
    }

    #[inline(always)]
    unsafe fn broadcast<S: Simd>(simd: S, from: *const u8) -> S::I32 {
        // SAFETY: the caller's.
        unsafe { simd.splat_word(from) }
    }

    #[inline(always)]
    fn multiply_add<S: Simd>(simd: S, accumulator: S::I32, lhs: S::I32, rhs: S::I32) -> S::I32 {
        simd.dot(accumulator, lhs, rhs)
    }

    #[inline(always)]
    unsafe fn store<S: Simd, const V: usize>(
        self,
        simd: S,
        accumulators: [S::I32; V],
        column: usize,
        count: usize,
        to: *mut O::Out,
    ) {
        // SAFETY: the caller's; a panel is not wider than the epilogue's padding.
        unsafe { self.stage.store(simd, accumulators, column, count, to) };
    }
}
