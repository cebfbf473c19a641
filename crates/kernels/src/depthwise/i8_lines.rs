//! Lines of int8 output for a multiplier of 1.
//!
//! The rows under the window are interleaved first, so that a word holds what one column of the
//! window sees of one channel; the padding takes held as the zero offset. Every word is then used
//! by all pixels whose window covers it, and, where the words have a row to spare, by those of the
//! next line too, with the filter shifted by a row.
#![allow(unsafe_code, reason = "vector loads and stores take pointers; bounds are asserted for all lines")]

use super::{DepthwiseShape, PackedDepthwiseI8};
use crate::i32_epilogue::OutputStage;
use crate::isa::Kernel;
use crate::simd::Simd;

/// Lines that are computed together.
pub(super) const LINES: usize = 2;

/// The most channels of a block of any instruction set.
const MAX_BLOCK: usize = 64;

/// The most columns of words that are interleaved at a time. Only absurd windows cover more.
const MAX_COLUMNS: usize = 1 << 16;

/// The most words of all channels that are held together: so many stay in the nearest caches.
const MAX_FLAT: usize = 1 << 14;

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

/// How words are laid out: blocks of them are made of pieces of the input's lines.
#[derive(Clone, Copy)]
struct WordLayout {
    /// Whether the words of all channels are held, one column behind the other without a gap.
    /// Otherwise they are those of one block of channels.
    flat: bool,
    /// Words from one column to the next.
    pitch: usize,
    /// Words from one group of rows to the next.
    plane: usize,
    /// Channels from one piece of a line to the next.
    step: usize,
    /// Blocks of padding, pieces of the lines, blocks of padding.
    pieces: [usize; 3],
    /// Where these begin.
    starts: [usize; 3],
}

impl WordLayout {
    fn new(shape: &DepthwiseShape, groups: usize, block: usize) -> Self {
        let (width, channels, columns) = (&shape.width, shape.channels, columns(shape));
        let start = width.pad_before.min(columns);
        let end = columns.min(width.pad_before + width.input).max(start);
        let counts = [start, end - start, columns - end];
        // Without gaps no channels behind the last one are interleaved, but vectors are not
        // aligned and the words need more room.
        let wasteful = 4 * channels <= 3 * channels.next_multiple_of(block);
        let small = channels.checked_mul(columns * groups).is_some_and(|words| words <= MAX_FLAT);
        if wasteful && small {
            let [before, inner, after] = counts.map(|columns| (columns * channels).div_ceil(block));
            // What stands too much behind the first two is overwritten; one more block of padding
            // is for vectors that go beyond the last channel of the last column.
            Self {
                flat: true,
                pitch: channels,
                plane: columns * channels + 2 * block,
                step: block,
                pieces: [before, inner, after + 1],
                starts: [0, start * channels, end * channels],
            }
        } else {
            Self {
                flat: false,
                pitch: block,
                plane: columns * block,
                step: channels,
                pieces: counts,
                starts: [0, start * block, end * block],
            }
        }
    }
}

/// Lines of the output from `first` on, counted over the whole batch.
pub(super) struct I8Lines<'a, O: OutputStage> {
    pub(super) shape: &'a DepthwiseShape,
    pub(super) input: &'a [i8],
    pub(super) zero_offset: i8,
    pub(super) filter: &'a PackedDepthwiseI8,
    /// One value per channel, then padding.
    pub(super) bias: &'a [i32],
    pub(super) stage: O,
    /// Working memory.
    pub(super) words: &'a mut Vec<i32>,
    pub(super) first: usize,
    pub(super) output: &'a mut [O::Out],
}

impl<O: OutputStage> Kernel for I8Lines<'_, O> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let block = S::INTERLEAVED * S::LANES;
        let (height, channels) = (&self.shape.height, self.shape.channels);
        let line_len = self.shape.width.output * channels;
        let lines = self.output.len() / line_len;
        // What the pointers below rely on.
        assert!(block <= MAX_BLOCK && self.output.len() == lines * line_len);
        assert!(self.bias.len() >= channels + block && self.filter.sums().len() >= channels + block);
        let layout = WordLayout::new(self.shape, self.filter.groups(), block);
        // All that is read is written before, so that the memory need not be cleared.
        self.words.clear();
        self.words.reserve(self.filter.groups() * layout.plane);
        let words = self.words.as_mut_ptr();
        let output = self.output.as_mut_ptr();
        let held = Words { lines: &self, layout, words };
        let neighbours = height.stride == 1 && height.dilation == 1 && self.filter.can_shift();
        let mut line = 0;
        while line < lines {
            let index = self.first + line;
            let in_image = line + 1 < lines && index % height.output + 1 < height.output;
            let together = if neighbours && in_image { 2 } else { 1 };
            for first in (0..channels).step_by(block) {
                let count = block.min(channels - first);
                // SAFETY: the assertions; `words` has room for all groups; these lines exist.
                unsafe {
                    if !layout.flat || first == 0 {
                        held.interleave(simd, index, together, first);
                    }
                    for below in 0..together {
                        let out = output.add((line + below) * line_len);
                        match count.div_ceil(S::LANES) {
                            1 => held.pixels::<S, 1>(simd, below == 1, first, count, out),
                            3.. if S::INTERLEAVED == 4 => {
                                held.pixels::<S, 4>(simd, below == 1, first, count, out);
                            }
                            _ => held.pixels::<S, 2>(simd, below == 1, first, count, out),
                        }
                    }
                }
            }
            line += together;
        }
    }
}

/// The lines, with the words of those at work.
struct Words<'a, 'b, O: OutputStage> {
    lines: &'a I8Lines<'b, O>,
    layout: WordLayout,
    words: *mut i32,
}

impl<O: OutputStage> Words<'_, '_, O> {
    /// Fills the words for `together` lines from `index` on: those of the block of channels from
    /// `first` on, or all.
    ///
    /// # Safety
    /// `words` has room for a plane for each group.
    #[inline(always)]
    unsafe fn interleave<S: Simd>(&self, simd: S, index: usize, together: usize, first: usize) {
        let block = S::INTERLEAVED * S::LANES;
        let I8Lines { shape, input, zero_offset, filter, .. } = *self.lines;
        let (height, line_len) = (&shape.height, shape.width.input * shape.channels);
        let (image, y) = (index / height.output, index % height.output);
        let padding = [zero_offset; MAX_BLOCK];
        let WordLayout { plane, step, pieces, starts, .. } = self.layout;
        for group in 0..filter.groups() {
            // The line under each row of the group; a row that does not exist has weights of 0.
            let lines: [Option<usize>; 4] = std::array::from_fn(|row| {
                let kh = group * S::GROUP + row;
                let source = match kh.checked_sub(height.kernel) {
                    _ if row >= S::GROUP => None,
                    None => height.source(y, kh),
                    // The last row of the next line's window.
                    Some(0) if together == 2 => height.source(y + 1, kh - 1),
                    Some(_) => None,
                };
                source.map(|source| (image * height.input + source) * line_len + first)
            });
            let [before, inner, after] = starts.map(|start| self.words.wrapping_add(group * plane + start));
            for piece in 0..pieces[0] {
                // SAFETY: `padding` is a block long, and so is each piece's place.
                unsafe { simd.interleave([padding.as_ptr(); 4], before.add(piece * block)) };
            }
            // Blocks may reach into the next pixel, but not beyond the input.
            let last = lines.iter().flatten().max().map_or(0, |line| line + block);
            let safe = ((input.len() + step).saturating_sub(last) / step).min(pieces[1]);
            let rows = lines.map(|line| match line {
                Some(line) => (input.as_ptr().wrapping_add(line), step),
                None => (padding.as_ptr(), 0),
            });
            for piece in 0..safe {
                let rows = rows.map(|(row, step)| row.wrapping_add(piece * step));
                // SAFETY: line + piece * step + block <= input.len() by the choice of `safe`.
                unsafe { simd.interleave(rows, inner.add(piece * block)) };
            }
            for piece in safe..pieces[1] {
                let copies = lines.map(|line| {
                    let mut copy = padding;
                    if let Some(line) = line {
                        let from = &input[line + piece * step..];
                        let len = block.min(from.len());
                        copy[..len].copy_from_slice(&from[..len]);
                    }
                    copy
                });
                let rows = [0, 1, 2, 3].map(|row: usize| copies[row].as_ptr());
                // SAFETY: the copies are a block long.
                unsafe { simd.interleave(rows, inner.add(piece * block)) };
            }
            for piece in 0..pieces[2] {
                // SAFETY: as for the padding before.
                unsafe { simd.interleave([padding.as_ptr(); 4], after.add(piece * block)) };
            }
        }
    }

    /// Computes `count` channels from `first` on, at most V * LANES, of all pixels of a line, of the
    /// second of two if `shifted`.
    ///
    /// # Safety
    /// The words are those of the block at `first`; the assertions of [`I8Lines::run`]; `out` is the
    /// line.
    #[inline(always)]
    unsafe fn pixels<S: Simd, const V: usize>(
        &self,
        simd: S,
        shifted: bool,
        first: usize,
        count: usize,
        out: *mut O::Out,
    ) {
        let I8Lines { shape, zero_offset, filter, bias, .. } = *self.lines;
        let correction = simd.splat_i32(-(i32::from(zero_offset) + S::SHIFT));
        let mut start = [correction; V];
        for (v, start) in start.iter_mut().enumerate() {
            let channel = first + v * S::LANES;
            // SAFETY: both slices go on for a block behind the last channel.
            let (sums, bias) = unsafe {
                let sums = simd.load_i32(filter.sums().as_ptr().add(channel));
                (sums, simd.load_i32(bias.as_ptr().add(channel)))
            };
            *start = simd.add_i32(simd.mul_i32(sums, correction), bias);
        }
        let weights = filter.block(first, shifted).as_ptr();
        let words = self.words.wrapping_add(if self.layout.flat { first } else { 0 });
        let (width, step) = (shape.width.output, shape.width.stride * self.layout.pitch);
        let mut x = 0;
        macro_rules! tiles {
            ($pixels:literal) => {
                while width - x >= $pixels {
                    // SAFETY: these pixels exist.
                    unsafe {
                        let sums = self.sums::<S, $pixels, V>(simd, start, weights, words.add(x * step));
                        for (t, sums) in sums.into_iter().enumerate() {
                            let to = out.add((x + t) * shape.channels + first);
                            self.lines.stage.store(simd, sums, first, count, to);
                        }
                    }
                    x += $pixels;
                }
            };
        }
        if S::REGISTERS == 32 {
            tiles!(4);
            tiles!(3);
        }
        tiles!(2);
        tiles!(1);
    }

    /// The sums of T pixels.
    ///
    /// # Safety
    /// `weights` are those of the block, `words` is where the window of the first pixel begins, and
    /// all T windows lie within the columns.
    #[inline(always)]
    unsafe fn sums<S: Simd, const T: usize, const V: usize>(
        &self,
        simd: S,
        start: [S::I32; V],
        mut weights: *const i32,
        words: *const i32,
    ) -> [[S::I32; V]; T] {
        let block = S::INTERLEAVED * S::LANES;
        let (width, pitch) = (&self.lines.shape.width, self.layout.pitch);
        let step = width.stride * pitch;
        let mut sums = [start; T];
        for group in 0..self.lines.filter.groups() {
            for kw in 0..width.kernel {
                let words = words.wrapping_add(group * self.layout.plane + kw * width.dilation * pitch);
                let mut column = start;
                for (v, column) in column.iter_mut().enumerate() {
                    // SAFETY: there is a block of weights for every group and column.
                    *column = unsafe { simd.load_i32(weights.add(v * S::LANES)) };
                }
                for (t, sums) in sums.iter_mut().enumerate() {
                    for (v, (sum, &weight)) in sums.iter_mut().zip(&column).enumerate() {
                        // SAFETY: the planes hold the words of every column of the windows, and
                        // a block behind each.
                        let word = unsafe { simd.load_i32(words.add(t * step + v * S::LANES)) };
                        *sum = simd.dot(*sum, word, weight);
                    }
                }
                weights = weights.wrapping_add(block);
            }
        }
        sums
    }
}
