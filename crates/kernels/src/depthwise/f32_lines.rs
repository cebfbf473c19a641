//! Lines of float output for a multiplier of 1: several pixels times several channels at a time.
//!
//! A strip of a few pixels and channels goes down all lines of a task before the next one begins,
//! so that the input under it stays in the L1 cache from one line to the next.
#![allow(unsafe_code, reason = "vector loads and stores take pointers; bounds are asserted per tile")]

use std::ops::Range;

use super::DepthwiseShape;
use crate::isa::Kernel;
use crate::simd::{Simd, prefetch};
use crate::span::span;
use crate::{Activation, Epilogue, lengths, vector_epilogue};

/// Some lines of one image.
pub(super) struct F32Lines<'a> {
    pub(super) shape: &'a DepthwiseShape,
    pub(super) input: &'a [f32],
    pub(super) filter: &'a [f32],
    pub(super) epilogue: Epilogue<'a>,
    pub(super) image: usize,
    /// The lines, within the image.
    pub(super) lines: Range<usize>,
    pub(super) output: &'a mut [f32],
}

/// Pixels of a line whose windows cover the same columns of the filter, each `stride` further.
#[derive(Clone)]
struct Segment {
    pixels: Range<usize>,
    /// The columns of the filter, and what the first of them reads for the first pixel.
    kw: Range<usize>,
    left: usize,
}

impl Kernel for F32Lines<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (width, channels) = (&self.shape.width, self.shape.channels);
        // What the pointers below rely on, besides the assertion of each tile.
        assert!(self.output.len() == self.lines.len() * width.output * channels);
        assert!(self.filter.len() == self.shape.height.kernel * width.kernel * channels);
        assert!(lengths::expect_epilogue(&self.epilogue, channels).is_ok());
        let mut x = 0;
        while x < width.output {
            let (kw, left) = span(width, x);
            let mut end = x + 1;
            while end < width.output && span(width, end) == (kw.clone(), left + (end - x) * width.stride) {
                end += 1;
            }
            let segment = Segment { pixels: x..end, kw, left };
            if channels < S::LANES {
                self.scalars(&segment, 0);
            } else {
                self.vectors(simd, &segment);
            }
            x = end;
        }
    }
}

impl F32Lines<'_> {
    /// The channels from `first` on, one by one.
    #[inline(always)]
    fn scalars(&mut self, segment: &Segment, first: usize) {
        let (height, width, channels) = (&self.shape.height, &self.shape.width, self.shape.channels);
        for y in self.lines.clone() {
            let (kh, top) = span(height, y);
            for x in segment.pixels.clone() {
                let left = segment.left + (x - segment.pixels.start) * width.stride;
                for channel in first..channels {
                    let mut sum = 0.0_f32;
                    for (i, kh) in kh.clone().enumerate() {
                        let line = (self.image * height.input + top + i * height.dilation) * width.input;
                        for (j, kw) in segment.kw.clone().enumerate() {
                            let value = self.input[(line + left + j * width.dilation) * channels + channel];
                            let weight = self.filter[(kh * width.kernel + kw) * channels + channel];
                            sum = value.mul_add(weight, sum);
                        }
                    }
                    let at = ((y - self.lines.start) * width.output + x) * channels + channel;
                    self.output[at] = self.epilogue.apply(sum, channel, self.output[at]);
                }
            }
        }
    }

    #[inline(always)]
    fn vectors<S: Simd>(&mut self, simd: S, segment: &Segment) {
        let channels = self.shape.channels;
        let mut x = segment.pixels.start;
        macro_rules! tiles {
            ($pixels:literal) => {
                while segment.pixels.end - x >= $pixels {
                    self.strips::<S, $pixels>(simd, segment, x);
                    x += $pixels;
                }
            };
        }
        if S::REGISTERS == 32 {
            tiles!(8);
        }
        if S::REGISTERS >= 16 {
            tiles!(4);
        }
        tiles!(2);
        tiles!(1);
        // Channels done twice come out the same, unless they are added to what is there.
        if self.epilogue.accumulate && !channels.is_multiple_of(S::LANES) {
            self.scalars(segment, channels / S::LANES * S::LANES);
        }
    }

    /// All channels and lines of T pixels from `x` on.
    #[inline(always)]
    fn strips<S: Simd, const T: usize>(&mut self, simd: S, segment: &Segment, x: usize) {
        let channels = self.shape.channels;
        let mut channel = 0;
        while channel + 2 * S::LANES <= channels {
            self.strip::<S, T, 2>(simd, segment, x, channel);
            channel += 2 * S::LANES;
        }
        if channel + S::LANES <= channels {
            self.strip::<S, T, 1>(simd, segment, x, channel);
            channel += S::LANES;
        }
        if channel < channels && !self.epilogue.accumulate {
            self.strip::<S, T, 1>(simd, segment, x, channels - S::LANES);
        }
    }

    /// All lines of T pixels from `x` on and of V vectors of channels, which exist.
    #[inline(always)]
    fn strip<S: Simd, const T: usize, const V: usize>(
        &mut self,
        simd: S,
        segment: &Segment,
        x: usize,
        channel: usize,
    ) {
        let (height, width, channels) = (&self.shape.height, &self.shape.width, self.shape.channels);
        let left = segment.left + (x - segment.pixels.start) * width.stride;
        for y in self.lines.clone() {
            let (kh, top) = span(height, y);
            let source = ((self.image * height.input + top) * width.input + left) * channels + channel;
            let row = height.dilation * width.input * channels;
            let (rows, columns) = (kh.len(), segment.kw.len());
            let tile = Tile {
                input: self.input.as_ptr().wrapping_add(source),
                pixel: width.stride * channels,
                row,
                column: width.dilation * channels,
                rows,
                columns,
                weights: self
                    .filter
                    .as_ptr()
                    .wrapping_add((kh.start * width.kernel + segment.kw.start) * channels + channel),
                weight_row: width.kernel * channels,
                channels,
            };
            if rows > 0 && columns > 0 {
                assert!(source + tile.last(T) + V * S::LANES <= self.input.len());
                // The lines that the next one needs and this one does not: their distance defeats the
                // CPU's own prediction.
                for below in 1..=height.stride {
                    let next = source + (rows - 1 + below) * row;
                    for pixel in 0..T * width.stride {
                        let at = self.input.as_ptr().wrapping_add(next + pixel * channels);
                        prefetch(at);
                        if V * S::LANES > LINE {
                            prefetch(at.wrapping_add(LINE));
                        }
                    }
                }
            }
            let to = ((y - self.lines.start) * width.output + x) * channels + channel;
            // SAFETY: the assertions here and in `run`; these pixels and channels exist.
            unsafe {
                let out = self.output.as_mut_ptr().add(to);
                tile.compute::<S, T, V>(simd, &self.epilogue, channel, out);
            }
        }
    }
}

/// Floats of a cache line.
const LINE: usize = 16;

/// What a tile reads; distances in values.
struct Tile {
    /// What the first tap of the first pixel reads.
    input: *const f32,
    /// From one pixel, row or column of the window to the next.
    pixel: usize,
    row: usize,
    column: usize,
    /// Rows and columns of the window inside the image.
    rows: usize,
    columns: usize,
    /// The first tap's weights, and the distance of the next row's.
    weights: *const f32,
    weight_row: usize,
    /// The distance from one tap's weights to the next one's, and from one output pixel to the next.
    channels: usize,
}

impl Tile {
    /// What the last tap of pixel `pixels - 1` reads, from the first of the first on.
    fn last(&self, pixels: usize) -> usize {
        (pixels - 1) * self.pixel + (self.rows - 1) * self.row + (self.columns - 1) * self.column
    }

    /// Sums over windows of any form.
    ///
    /// # Safety
    /// As [`Tile::compute`].
    #[inline(always)]
    unsafe fn any_columns<S: Simd, const T: usize, const V: usize>(&self, simd: S) -> [[S::F32; V]; T] {
        let mut sums = [[simd.splat_f32(0.0); V]; T];
        for row in 0..self.rows {
            let input = self.input.wrapping_add(row * self.row);
            let weights = self.weights.wrapping_add(row * self.weight_row);
            for column in 0..self.columns {
                let input = input.wrapping_add(column * self.column);
                let taps = weights.wrapping_add(column * self.channels);
                // SAFETY: the caller's.
                let weights: [S::F32; V] = unsafe { load(simd, taps, 0) };
                for (t, sums) in sums.iter_mut().enumerate() {
                    let input = input.wrapping_add(t * self.pixel);
                    for (v, (sum, &weight)) in sums.iter_mut().zip(&weights).enumerate() {
                        // SAFETY: the caller's.
                        let value = unsafe { simd.load_f32(input.wrapping_add(v * S::LANES)) };
                        *sum = simd.mul_add(value, weight, *sum);
                    }
                }
            }
        }
        sums
    }

    /// Sums over windows of three columns, each STRIDE columns behind the one before: a value is
    /// loaded once for all pixels.
    ///
    /// # Safety
    /// As [`Tile::compute`].
    #[inline(always)]
    unsafe fn three_columns<S: Simd, const T: usize, const V: usize, const STRIDE: usize>(
        &self,
        simd: S,
    ) -> [[S::F32; V]; T] {
        let mut sums = [[simd.splat_f32(0.0); V]; T];
        for row in 0..self.rows {
            let input = self.input.wrapping_add(row * self.row);
            let weights = self.weights.wrapping_add(row * self.weight_row);
            // SAFETY: the caller's.
            let weight = |column: usize| unsafe { load::<S, V>(simd, weights, column * self.channels) };
            let taps = [weight(0), weight(1), weight(2)];
            // SAFETY: the caller's.
            let value = |column: usize| unsafe { load::<S, V>(simd, input, column * self.column) };
            let mut window = [value(0), value(1), value(2)];
            for (t, sums) in sums.iter_mut().enumerate() {
                if t > 0 {
                    let next = value(t * STRIDE + 2);
                    window = if STRIDE == 1 {
                        [window[1], window[2], next]
                    } else {
                        [window[2], value(t * STRIDE + 1), next]
                    };
                }
                for (values, weights) in window.iter().zip(&taps) {
                    for (v, sum) in sums.iter_mut().enumerate() {
                        *sum = simd.mul_add(values[v], weights[v], *sum);
                    }
                }
            }
        }
        sums
    }

    /// # Safety
    /// V * LANES values from each tap of T pixels on are valid for reading, so are their weights and
    /// what `epilogue` has from `channel` on; as many of T pixels from `out` on for writing.
    #[inline(always)]
    unsafe fn compute<S: Simd, const T: usize, const V: usize>(
        &self,
        simd: S,
        epilogue: &Epilogue<'_>,
        channel: usize,
        out: *mut f32,
    ) {
        // SAFETY: the caller's.
        let mut sums = unsafe {
            match self.columns {
                3 if self.pixel == self.column => self.three_columns::<S, T, V, 1>(simd),
                3 if self.pixel == 2 * self.column => self.three_columns::<S, T, V, 2>(simd),
                _ => self.any_columns::<S, T, V>(simd),
            }
        };
        // One step after the other for all sums, so that they stay in registers.
        if let Some(bias) = epilogue.bias {
            for v in 0..V {
                // SAFETY: the caller's.
                let bias = unsafe { simd.load_f32(bias.as_ptr().add(channel + v * S::LANES)) };
                for sums in &mut sums {
                    sums[v] = simd.add_f32(sums[v], bias);
                }
            }
        }
        if let Some(norm) = epilogue.norm {
            for v in 0..V {
                // SAFETY: the caller's.
                let norm = unsafe { vector_epilogue::LoadedNorm::load(simd, norm, channel + v * S::LANES) };
                for sums in &mut sums {
                    sums[v] = norm.apply(simd, sums[v]);
                }
            }
        }
        if epilogue.activation != Activation::None {
            let (low, high) = epilogue.activation.bounds();
            let (low, high) = (simd.splat_f32(low), simd.splat_f32(high));
            for sums in &mut sums {
                for sum in sums {
                    *sum = simd.clip(*sum, low, high);
                }
            }
        }
        for (t, sums) in sums.into_iter().enumerate() {
            // SAFETY: the caller's.
            unsafe {
                let to = out.add(t * self.channels);
                vector_epilogue::store_f32_vectors(simd, sums, V * S::LANES, epilogue.accumulate, to);
            }
        }
    }
}

/// V vectors, `at` values behind `from`.
///
/// # Safety
/// They are valid for reading.
#[inline(always)]
unsafe fn load<S: Simd, const V: usize>(simd: S, from: *const f32, at: usize) -> [S::F32; V] {
    let mut vectors = [simd.splat_f32(0.0); V];
    for (v, vector) in vectors.iter_mut().enumerate() {
        // SAFETY: the caller's.
        *vector = unsafe { simd.load_f32(from.wrapping_add(at + v * S::LANES)) };
    }
    vectors
}
