use super::line::{Pixel, generic};
use crate::{Epilogue, Isa};

/// The arithmetic of one element type.
pub(super) trait Products: Copy + Send + Sync {
    type Value: Copy + Send + Sync;
    type Sum: Copy + Default + Send;

    /// Adds one product.
    fn add(self, value: Self::Value, weight: Self::Value, sum: Self::Sum) -> Self::Sum;

    /// What is stored for a sum.
    fn finish(self, sum: Self::Sum, channel: usize) -> Self::Sum;

    /// All channels of a pixel.
    fn pixel(self, isa: Isa, pixel: &Pixel<'_, Self::Value>, output: &mut [Self::Sum]);
}

#[derive(Clone, Copy)]
pub(super) struct F32Products<'a> {
    pub(super) epilogue: Epilogue<'a>,
}

impl Products for F32Products<'_> {
    type Value = f32;
    type Sum = f32;

    #[inline(always)]
    fn add(self, value: f32, weight: f32, sum: f32) -> f32 {
        value.mul_add(weight, sum)
    }

    #[inline(always)]
    fn finish(self, sum: f32, channel: usize) -> f32 {
        self.epilogue.apply(sum, channel)
    }

    #[inline]
    fn pixel(self, isa: Isa, pixel: &Pixel<'_, f32>, output: &mut [f32]) {
        if isa.is_avx2() {
            #[cfg(target_arch = "x86_64")]
            if super::avx2::f32_pixel(isa, pixel, self.epilogue, output) {
                return;
            }
        }
        generic(self, pixel, output);
    }
}

#[derive(Clone, Copy)]
pub(super) struct I8Products {
    pub(super) zero_offset: i16,
}

impl Products for I8Products {
    type Value = i8;
    type Sum = i32;

    #[inline(always)]
    fn add(self, value: i8, weight: i8, sum: i32) -> i32 {
        sum + (i32::from(value) - i32::from(self.zero_offset)) * i32::from(weight)
    }

    #[inline(always)]
    fn finish(self, sum: i32, _channel: usize) -> i32 {
        sum
    }

    #[inline]
    fn pixel(self, isa: Isa, pixel: &Pixel<'_, i8>, output: &mut [i32]) {
        if isa.is_avx2() {
            #[cfg(target_arch = "x86_64")]
            if super::avx2::i8_pixel(isa, pixel, self.zero_offset, output) {
                return;
            }
        }
        generic(self, pixel, output);
    }
}
