//! Sums of floats by fused multiply-add, then bias and activation.
#![allow(unsafe_code, reason = "the trait's loads and stores take pointers")]

use super::padded::{PaddedEpilogue, WIDEST};
use super::tile::MicroKernel;
use crate::simd::Simd;
use crate::vector_epilogue::LoadedNorm;
use crate::{Activation, Norm};

/// Plain sums from 0.0, with what follows them.
#[derive(Clone, Copy)]
pub(super) struct F32MicroKernel<'a> {
    /// One value per column, missing ones included.
    pub(super) bias: Option<&'a [f32]>,
    /// The same for each of its parts.
    pub(super) norm: Option<Norm<'a>>,
    pub(super) activation: Activation,
    /// Whether the results are added to the output.
    pub(super) accumulate: bool,
}

impl<'a> F32MicroKernel<'a> {
    /// With what an epilogue says.
    pub(super) fn of(epilogue: &'a PaddedEpilogue<'_>) -> Self {
        let norm = epilogue.norm.as_ref();
        Self {
            bias: epilogue.bias.as_deref(),
            norm: norm.map(|[mean, factor, offset]| Norm { mean, factor, offset }),
            activation: epilogue.activation,
            accumulate: epilogue.accumulate,
        }
    }
}

impl MicroKernel for F32MicroKernel<'_> {
    type Accumulator<S: Simd> = S::F32;
    type Rhs = f32;
    type Out = f32;

    #[inline(always)]
    unsafe fn start<S: Simd, const V: usize>(self, simd: S, _column: usize) -> [S::F32; V] {
        [simd.splat_f32(0.0); V]
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(simd: S, from: *const f32) -> S::F32 {
        // SAFETY: the caller's.
        unsafe { simd.load_f32(from) }
    }

    #[inline(always)]
    unsafe fn broadcast<S: Simd>(simd: S, from: *const u8) -> S::F32 {
        // SAFETY: the caller's.
        simd.splat_f32(unsafe { from.cast::<f32>().read_unaligned() })
    }

    #[inline(always)]
    fn multiply_add<S: Simd>(simd: S, accumulator: S::F32, lhs: S::F32, rhs: S::F32) -> S::F32 {
        simd.mul_add(lhs, rhs, accumulator)
    }

    #[inline(always)]
    unsafe fn store<S: Simd, const V: usize>(
        self,
        simd: S,
        mut accumulators: [S::F32; V],
        column: usize,
        count: usize,
        to: *mut f32,
    ) {
        const { assert!(S::LANES <= WIDEST, "the epilogue is padded to so many lanes") };
        if let Some(bias) = self.bias {
            for (v, sum) in accumulators.iter_mut().enumerate() {
                // SAFETY: the bias has a value for each of these columns.
                *sum = simd.add_f32(*sum, unsafe { simd.load_f32(bias.as_ptr().add(column + v * S::LANES)) });
            }
        }
        if let Some(norm) = self.norm {
            for (v, sum) in accumulators.iter_mut().enumerate() {
                // SAFETY: the norm has values for each of these columns.
                let norm = unsafe { LoadedNorm::load(simd, norm, column + v * S::LANES) };
                *sum = norm.apply(simd, *sum);
            }
        }
        if self.activation != Activation::None {
            let (low, high) = self.activation.bounds();
            let (low, high) = (simd.splat_f32(low), simd.splat_f32(high));
            for sum in &mut accumulators {
                *sum = simd.clip(*sum, low, high);
            }
        }
        // SAFETY: `to` has `count` elements.
        unsafe { crate::vector_epilogue::store_f32_vectors(simd, accumulators, count, self.accumulate, to) };
    }
}
