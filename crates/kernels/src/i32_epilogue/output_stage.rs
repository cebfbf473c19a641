//! The last steps on vectors of int32 accumulators: kept, dequantized, or quantized again.
#![allow(unsafe_code, reason = "constants are read and results written through pointers")]

use crate::simd::{Simd, ToI8};
use crate::{Activation, vector_epilogue};

/// What becomes of accumulators to which the bias has been added.
pub(crate) trait OutputStage: Copy + Send + Sync {
    /// The type of the results.
    type Out: Copy + Default + Send;

    /// Writes the results of `count` channels from `channel` on.
    ///
    /// # Safety
    /// The channels exist, `to` is valid for reading and writing `count` elements, of which there are at most
    /// V * LANES, and V * LANES at most the epilogue's padding.
    unsafe fn store<S: Simd, const V: usize>(
        self,
        simd: S,
        sums: [S::I32; V],
        channel: usize,
        count: usize,
        to: *mut Self::Out,
    );

    /// The same for one sum, given what the output holds; what the vectors must equal.
    fn one(self, sum: i32, channel: usize, held: Self::Out) -> Self::Out;
}

/// The sums themselves.
#[derive(Clone, Copy)]
pub(crate) struct KeepI32;

impl OutputStage for KeepI32 {
    type Out = i32;

    #[inline(always)]
    unsafe fn store<S: Simd, const V: usize>(
        self,
        simd: S,
        sums: [S::I32; V],
        _channel: usize,
        count: usize,
        to: *mut i32,
    ) {
        // SAFETY: `to` has `count` elements.
        unsafe { vector_epilogue::store_i32(simd, sums, count, to) };
    }

    #[inline(always)]
    fn one(self, sum: i32, _channel: usize, _held: i32) -> i32 {
        sum
    }
}

/// `activation(sum as f32 * scale)`
#[derive(Clone, Copy)]
pub(crate) struct Dequantize<'a> {
    pub(super) scales: &'a [f32],
    pub(super) activation: Activation,
    /// Whether the results are added to the output.
    pub(super) accumulate: bool,
}

impl OutputStage for Dequantize<'_> {
    type Out = f32;

    #[inline(always)]
    unsafe fn store<S: Simd, const V: usize>(
        self,
        simd: S,
        sums: [S::I32; V],
        channel: usize,
        count: usize,
        to: *mut f32,
    ) {
        // SAFETY: the scales have V vectors from `channel` on, padding included.
        let mut values = unsafe { dequantize(simd, sums, self.scales.as_ptr().add(channel)) };
        if self.activation != Activation::None {
            let (low, high) = self.activation.bounds();
            let (low, high) = (simd.splat_f32(low), simd.splat_f32(high));
            for value in &mut values {
                *value = simd.clip(*value, low, high);
            }
        }
        // SAFETY: `to` has `count` elements.
        unsafe { vector_epilogue::store_f32_vectors(simd, values, count, self.accumulate, to) };
    }

    #[inline(always)]
    fn one(self, sum: i32, channel: usize, held: f32) -> f32 {
        let value = self.activation.apply(sum as f32 * self.scales[channel]);
        if self.accumulate { value + held } else { value }
    }
}

/// `clamp(round(sum as f32 * scale * inverse_scale) + offset)`, halves away from zero.
#[derive(Clone, Copy)]
pub(crate) struct Requantize<'a> {
    pub(super) scales: &'a [f32],
    pub(super) inverse_scale: f32,
    pub(super) to: ToI8,
}

/// Added to a magnitude before its fraction is cut off, it rounds halves away from zero.
const BELOW_HALF: f32 = 0.5_f32.next_down();

impl OutputStage for Requantize<'_> {
    type Out = i8;

    #[inline(always)]
    unsafe fn store<S: Simd, const V: usize>(
        self,
        simd: S,
        sums: [S::I32; V],
        channel: usize,
        count: usize,
        to: *mut i8,
    ) {
        // SAFETY: the scales have V vectors from `channel` on, padding included.
        let values = unsafe { dequantize(simd, sums, self.scales.as_ptr().add(channel)) };
        let inverse_scale = simd.splat_f32(self.inverse_scale);
        let below_half = simd.splat_f32(BELOW_HALF);
        let mut rounded = sums;
        // If nothing below zero counts, it does not matter how it is rounded, as long as it does
        // not get above zero.
        let signed = self.to.low < self.to.offset;
        for (rounded, value) in rounded.iter_mut().zip(values) {
            let value = simd.mul_f32(value, inverse_scale);
            let half = if signed { simd.with_sign(below_half, value) } else { below_half };
            *rounded = simd.truncate(simd.add_f32(value, half));
        }
        // SAFETY: `to` has `count` elements.
        unsafe { simd.store_i8(to, rounded, self.to, count) };
    }

    #[inline(always)]
    fn one(self, sum: i32, channel: usize, _held: i8) -> i8 {
        let value = sum as f32 * self.scales[channel] * self.inverse_scale;
        self.to.apply((value + BELOW_HALF.copysign(value)) as i32)
    }
}

/// `sum as f32 * scale`
///
/// # Safety
/// `scales` is valid for reading V * LANES elements.
#[inline(always)]
unsafe fn dequantize<S: Simd, const V: usize>(simd: S, sums: [S::I32; V], scales: *const f32) -> [S::F32; V] {
    let mut values = [simd.splat_f32(0.0); V];
    for (v, (value, sum)) in values.iter_mut().zip(sums).enumerate() {
        // SAFETY: v < V.
        let scale = unsafe { simd.load_f32(scales.add(v * S::LANES)) };
        *value = simd.mul_f32(simd.to_f32(sum), scale);
    }
    values
}
