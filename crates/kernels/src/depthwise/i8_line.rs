//! One line of int8 output for a multiplier of 1.
//!
//! For a block of channels the rows under the window are interleaved first, so that a word holds
//! what one column of the window sees of one channel; the padding takes part as the zero offset.
//! Every word is then used by all pixels whose window covers it.
#![allow(unsafe_code, reason = "vector loads and stores take pointers; bounds are asserted per line")]

use super::{DepthwiseShape, PackedDepthwiseI8};
use crate::isa::Vectorized;
use crate::simd::Simd;
use crate::sum_epilogue::SumResult;

/// The most channels of a block of any instruction set.
const MAX_BLOCK: usize = 64;

/// The most columns of words that are interleaved at a time. Only absurd windows cover more.
const MAX_COLUMNS: usize = 1 << 16;

/// Whether the words of a line can be held.
pub(super) fn fits(shape: &DepthwiseShape, filter: &PackedDepthwiseI8) -> bool {
    columns(shape).checked_mul(filter.groups()).is_some_and(|columns| columns <= MAX_COLUMNS)
}

/// Columns that the windows of a line cover, padding included.
fn columns(shape: &DepthwiseShape) -> usize {
    let width = &shape.width;
    let first = width.output.saturating_sub(1).saturating_mul(width.stride);
    first.saturating_add((width.kernel - 1).saturating_mul(width.dilation)).saturating_add(1)
}

/// Line `index` of the output, counted over the whole batch.
pub(super) struct Line<'a, R: SumResult> {
    pub(super) shape: &'a DepthwiseShape,
    pub(super) input: &'a [i8],
    pub(super) zero_offset: i8,
    pub(super) filter: &'a PackedDepthwiseI8,
    /// One value per channel, then padding.
    pub(super) bias: &'a [i32],
    pub(super) result: R,
    /// Working memory.
    pub(super) words: &'a mut Vec<i32>,
    pub(super) index: usize,
    pub(super) output: &'a mut [R::Out],
}

impl<R: SumResult> Vectorized for Line<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let block = S::INTERLEAVED * S::LANES;
        let channels = self.shape.channels;
        // What the pointers below rely on.
        assert!(block <= MAX_BLOCK && self.output.len() == self.shape.width.output * channels);
        assert!(self.bias.len() >= channels + block && self.filter.sums().len() >= channels + block);
        let words = self.filter.groups() * columns(self.shape) * block;
        self.words.resize(words, 0);
        for first in (0..channels).step_by(block) {
            let count = block.min(channels - first);
            // SAFETY: the assertions; `words` has room for all groups and columns.
            unsafe {
                self.interleave(simd, first);
                match count.div_ceil(S::LANES) {
                    1 => self.pixels::<S, 1>(simd, first, count),
                    2 => self.pixels::<S, 2>(simd, first, count),
                    _ => self.pixels::<S, 4>(simd, first, count),
                }
            }
        }
    }
}

impl<R: SumResult> Line<'_, R> {
    /// Fills the words of the block of channels from `first` on.
    ///
    /// # Safety
    /// `words` has a block for each group and column.
    #[inline(always)]
    unsafe fn interleave<S: Simd>(&mut self, simd: S, first: usize) {
        let block = S::INTERLEAVED * S::LANES;
        let (height, width, channels) = (&self.shape.height, &self.shape.width, self.shape.channels);
        let (image, y) = (self.index / height.output, self.index % height.output);
        let (columns, line_len) = (columns(self.shape), width.input * channels);
        let padding = [self.zero_offset; MAX_BLOCK];
        let inside = width.pad_before.min(columns)..columns.min(width.pad_before + width.input);
        for group in 0..self.filter.groups() {
            // The line under each row of the group; a row that does not exist has weights of 0.
            let lines: [Option<usize>; 4] = std::array::from_fn(|row| {
                let kh = group * S::GROUP + row;
                let exists = row < S::GROUP && kh < height.kernel;
                let source = if exists { height.source(y, kh) } else { None };
                source.map(|source| (image * height.input + source) * line_len + first)
            });
            let to = self.words.as_mut_ptr().wrapping_add(group * columns * block);
            for column in (0..inside.start).chain(inside.end..columns) {
                // SAFETY: `padding` is a block long, and so is each column's place.
                unsafe { simd.interleave([padding.as_ptr(); 4], to.add(column * block)) };
            }
            // Blocks may reach into the next pixel, but not beyond the input.
            let last = lines.iter().flatten().max().map_or(0, |line| line + block);
            let safe = (self.input.len() + channels).saturating_sub(last) / channels;
            let safe = inside.end.min(inside.start + safe).max(inside.start);
            for column in inside.start..safe {
                let at = (column - inside.start) * channels;
                let rows = lines.map(|line| match line {
                    Some(line) => self.input.as_ptr().wrapping_add(line + at),
                    None => padding.as_ptr(),
                });
                // SAFETY: line + at + block <= input.len() by the choice of `safe`.
                unsafe { simd.interleave(rows, to.add(column * block)) };
            }
            for column in safe..inside.end {
                let at = (column - inside.start) * channels;
                let copies = lines.map(|line| {
                    let mut copy = padding;
                    if let Some(line) = line {
                        let from = &self.input[line + at..];
                        let len = block.min(from.len());
                        copy[..len].copy_from_slice(&from[..len]);
                    }
                    copy
                });
                let rows = [0, 1, 2, 3].map(|row: usize| copies[row].as_ptr());
                // SAFETY: the copies are a block long.
                unsafe { simd.interleave(rows, to.add(column * block)) };
            }
        }
    }

    /// Computes `count` channels from `first` on, at most V * LANES, of all pixels.
    ///
    /// # Safety
    /// The words are those of the block at `first`; the assertions of [`Line::run`].
    #[inline(always)]
    unsafe fn pixels<S: Simd, const V: usize>(&mut self, simd: S, first: usize, count: usize) {
        let correction = simd.splat_i32(-(i32::from(self.zero_offset) + S::SHIFT));
        let mut start = [correction; V];
        for (v, start) in start.iter_mut().enumerate() {
            let channel = first + v * S::LANES;
            // SAFETY: both slices go on for a block behind the last channel.
            let (sums, bias) = unsafe {
                let sums = simd.load_i32(self.filter.sums().as_ptr().add(channel));
                (sums, simd.load_i32(self.bias.as_ptr().add(channel)))
            };
            *start = simd.add_i32(simd.mul_i32(sums, correction), bias);
        }
        let out = self.output.as_mut_ptr().wrapping_add(first);
        let width = self.shape.width.output;
        let mut x = 0;
        macro_rules! tiles {
            ($pixels:literal) => {
                while width - x >= $pixels {
                    // SAFETY: these pixels exist.
                    unsafe { self.tile::<S, $pixels, V>(simd, start, x, first, count, out) };
                    x += $pixels;
                }
            };
        }
        if S::REGISTERS == 32 {
            tiles!(4);
        }
        tiles!(2);
        tiles!(1);
    }

    /// # Safety
    /// As [`pixels`](Self::pixels), and x + T <= width; `out` is channel `first` of pixel 0.
    #[inline(always)]
    unsafe fn tile<S: Simd, const T: usize, const V: usize>(
        &self,
        simd: S,
        start: [S::I32; V],
        x: usize,
        first: usize,
        count: usize,
        out: *mut R::Out,
    ) {
        let block = S::INTERLEAVED * S::LANES;
        let width = &self.shape.width;
        let (columns, step) = (columns(self.shape), width.stride * block);
        let mut sums = [start; T];
        let mut weights = self.filter.block(first).as_ptr();
        for group in 0..self.filter.groups() {
            let words = self.words.as_ptr().wrapping_add(group * columns * block + x * step);
            for kw in 0..width.kernel {
                let words = words.wrapping_add(kw * width.dilation * block);
                // SAFETY: `block` holds the words of every group and column of the window; the
                // windows of these pixels lie within the columns.
                unsafe {
                    let mut columns = start;
                    for (v, column) in columns.iter_mut().enumerate() {
                        *column = simd.load_i32(weights.add(v * S::LANES));
                    }
                    for (t, sums) in sums.iter_mut().enumerate() {
                        for (v, (sum, &weight)) in sums.iter_mut().zip(&columns).enumerate() {
                            let word = simd.load_i32(words.add(t * step + v * S::LANES));
                            *sum = simd.dot(*sum, word, weight);
                        }
                    }
                }
                weights = weights.wrapping_add(block);
            }
        }
        for (t, sums) in sums.into_iter().enumerate() {
            // SAFETY: the pixel exists and has `count` channels from `first` on.
            unsafe {
                let to = out.add((x + t) * self.shape.channels);
                self.result.store(simd, sums, first, count, to);
            }
        }
    }
}
