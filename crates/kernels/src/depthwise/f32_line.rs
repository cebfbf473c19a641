//! One line of float output for a multiplier of 1: several pixels times several channels at a time.
#![allow(
    unsafe_code,
    reason = "vector loads and stores take pointers; bounds are asserted per run of pixels"
)]

use super::DepthwiseShape;
use super::taps::Taps;
use crate::isa::Vectorized;
use crate::simd::{Simd, prefetch};
use crate::span::span;
use crate::{Activation, Epilogue, lengths, vectors};

/// Floats of a cache line.
const LINE: usize = 16;

/// Line `index` of the output, counted over the whole batch.
pub(super) struct Line<'a> {
    pub(super) shape: &'a DepthwiseShape,
    pub(super) input: &'a [f32],
    pub(super) filter: &'a [f32],
    /// One value per channel, if there is a bias.
    pub(super) epilogue: Epilogue<'a>,
    /// Working memory.
    pub(super) taps: &'a mut Taps,
    pub(super) index: usize,
    pub(super) output: &'a mut [f32],
}

impl Vectorized for Line<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Line { shape, input, filter, epilogue, taps, index, output } = self;
        let (height, width, channels) = (&shape.height, &shape.width, shape.channels);
        let (image, y) = (index / height.output, index % height.output);
        let (kh, top) = span(height, y);
        taps.clear();
        let mut x = 0;
        while x < width.output {
            let (kw, left) = span(width, x);
            taps.update(shape, &kh, kw.clone());
            // Pixels away from the edges have the same taps, each `stride` pixels further.
            let mut count = 1;
            while x + count < width.output
                && span(width, x + count) == (kw.clone(), left + count * width.stride)
            {
                count += 1;
            }
            let source = ((image * height.input + top) * width.input + left) * channels;
            let pixels = Pixels {
                taps,
                input: &input[source..],
                filter,
                epilogue,
                channels,
                stride: width.stride * channels,
                output: &mut output[x * channels..(x + count) * channels],
            };
            if channels < S::LANES {
                pixels.narrow(count);
            } else {
                pixels.wide(simd, count);
            }
            x += count;
        }
    }
}

/// A run of pixels with the same taps.
struct Pixels<'a> {
    taps: &'a Taps,
    /// From the first value that a tap of the first pixel reads.
    input: &'a [f32],
    filter: &'a [f32],
    epilogue: Epilogue<'a>,
    channels: usize,
    /// Values from one pixel's taps to the next one's.
    stride: usize,
    output: &'a mut [f32],
}

impl Pixels<'_> {
    /// Too few channels for a vector.
    #[inline(always)]
    fn narrow(self, count: usize) {
        for pixel in 0..count {
            for channel in 0..self.channels {
                let sum = self.sum(pixel, channel);
                let output = &mut self.output[pixel * self.channels + channel];
                *output = self.epilogue.apply(sum, channel, *output);
            }
        }
    }

    #[inline(always)]
    fn wide<S: Simd>(self, simd: S, count: usize) {
        // What the pointers below rely on.
        if let Some(last) = self.taps.last() {
            assert!((count - 1) * self.stride + last.source + self.channels <= self.input.len());
            assert!(last.weight + self.channels <= self.filter.len());
        }
        assert!(self.output.len() >= count * self.channels);
        assert!(lengths::expect_epilogue(&self.epilogue, self.channels).is_ok());
        let out = self.output.as_mut_ptr();
        let mut pixel = 0;
        macro_rules! tiles {
            ($pixels:literal) => {
                while count - pixel >= $pixels {
                    self.prefetch(pixel + $pixels, $pixels);
                    // SAFETY: the assertions; these pixels exist.
                    unsafe { self.all_channels::<S, $pixels>(simd, pixel, out) };
                    pixel += $pixels;
                }
            };
        }
        if S::REGISTERS == 32 {
            tiles!(8);
        }
        tiles!(4);
        tiles!(2);
        tiles!(1);
    }

    /// Asks for the values under the last tap of `count` pixels from `pixel` on: the row that no line
    /// before has read. Their distance defeats the CPU's own prediction.
    #[inline(always)]
    fn prefetch(&self, pixel: usize, count: usize) {
        let Some(last) = self.taps.last() else { return };
        let first = pixel * self.stride + last.source;
        for at in (first..first + count * self.stride).step_by(LINE) {
            prefetch(self.input.as_ptr().wrapping_add(at));
        }
    }

    /// # Safety
    /// The assertions of [`wide`](Self::wide), `pixel + T <= count`, `out` is the first output.
    #[inline(always)]
    unsafe fn all_channels<S: Simd, const T: usize>(&self, simd: S, pixel: usize, out: *mut f32) {
        let mut channel = 0;
        // SAFETY: every block lies within the channels.
        unsafe {
            while channel + 2 * S::LANES <= self.channels {
                self.block::<S, T, 2>(simd, pixel, channel, out);
                channel += 2 * S::LANES;
            }
            if channel + S::LANES <= self.channels {
                self.block::<S, T, 1>(simd, pixel, channel, out);
                channel += S::LANES;
            }
            if channel < self.channels {
                self.last_block::<S, T>(simd, pixel, channel, out);
            }
        }
    }

    /// The channels from `channel` on, too few for a vector, although there are enough in all.
    ///
    /// # Safety
    /// As [`all_channels`](Self::all_channels).
    #[inline(always)]
    unsafe fn last_block<S: Simd, const T: usize>(
        &self,
        simd: S,
        pixel: usize,
        channel: usize,
        out: *mut f32,
    ) {
        if !self.epilogue.accumulate {
            // Some channels are done again, which come out the same. SAFETY: they exist.
            return unsafe { self.block::<S, T, 1>(simd, pixel, self.channels - S::LANES, out) };
        }
        for pixel in pixel..pixel + T {
            for channel in channel..self.channels {
                // SAFETY: the output has all channels of this pixel.
                let output = unsafe { &mut *out.add(pixel * self.channels + channel) };
                *output = self.epilogue.apply(self.sum(pixel, channel), channel, *output);
            }
        }
    }

    #[inline(always)]
    fn sum(&self, pixel: usize, channel: usize) -> f32 {
        self.taps.list().iter().fold(0.0_f32, |sum, tap| {
            let value = self.input[pixel * self.stride + tap.source + channel];
            value.mul_add(self.filter[tap.weight + channel], sum)
        })
    }

    /// # Safety
    /// As [`all_channels`](Self::all_channels), and V * LANES channels exist from `channel` on.
    #[inline(always)]
    unsafe fn block<S: Simd, const T: usize, const V: usize>(
        &self,
        simd: S,
        pixel: usize,
        channel: usize,
        out: *mut f32,
    ) {
        let mut sums = [[simd.splat_f32(0.0); V]; T];
        let input = self.input.as_ptr().wrapping_add(pixel * self.stride + channel);
        for tap in self.taps.list() {
            let mut weights = [simd.splat_f32(0.0); V];
            for (v, weight) in weights.iter_mut().enumerate() {
                let at = tap.weight + channel + v * S::LANES;
                // SAFETY: no weight lies behind the last tap's.
                *weight = unsafe { simd.load_f32(self.filter.as_ptr().add(at)) };
            }
            for (t, sums) in sums.iter_mut().enumerate() {
                let input = input.wrapping_add(t * self.stride + tap.source);
                for (v, (sum, &weight)) in sums.iter_mut().zip(&weights).enumerate() {
                    // SAFETY: no value lies behind the last tap's of the last pixel.
                    let value = unsafe { simd.load_f32(input.wrapping_add(v * S::LANES)) };
                    *sum = simd.mul_add(value, weight, *sum);
                }
            }
        }
        // One step after the other for all sums, so that they stay in registers.
        if let Some(bias) = self.epilogue.bias {
            for v in 0..V {
                // SAFETY: the bias has as many values as there are channels.
                let bias = unsafe { simd.load_f32(bias.as_ptr().add(channel + v * S::LANES)) };
                for sums in &mut sums {
                    sums[v] = simd.add_f32(sums[v], bias);
                }
            }
        }
        if let Some(norm) = self.epilogue.norm {
            for v in 0..V {
                // SAFETY: so has each part of the norm.
                let norm = unsafe { vectors::LoadedNorm::load(simd, norm, channel + v * S::LANES) };
                for sums in &mut sums {
                    sums[v] = norm.apply(simd, sums[v]);
                }
            }
        }
        if self.epilogue.activation != Activation::None {
            let (low, high) = self.epilogue.activation.bounds();
            let (low, high) = (simd.splat_f32(low), simd.splat_f32(high));
            for sums in &mut sums {
                for sum in sums {
                    *sum = simd.clip(*sum, low, high);
                }
            }
        }
        for (t, sums) in sums.into_iter().enumerate() {
            // SAFETY: the output has all channels of these pixels.
            unsafe {
                let to = out.add((pixel + t) * self.channels + channel);
                vectors::finish_f32(simd, sums, V * S::LANES, self.epilogue.accumulate, to);
            }
        }
    }
}
