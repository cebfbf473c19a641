//! The right side of an int8 product, packed once into words of four bytes or two i16, and its products
//! with rows of a left side, read where they lie or turned into words first.

use std::ops::Range;

use super::driver::Gemm;
use super::lhs::Lhs;
use super::micro_i8::I8MicroKernel;
use super::padded::PADDING;
use super::panels::Panels;
use super::words::WordShape;
use crate::i32_epilogue::OutputStage;
use crate::{Isa, KernelError, lengths, parallel};

/// The length of a segment rounded up to whole words of any instruction set.
fn padded(segment: usize) -> usize {
    segment.next_multiple_of(4)
}

/// Rows that are turned into words together; they stay in the L1 cache.
const PREPARED_ROWS: usize = 56;

/// What is done with the accumulators of an int8 product besides adding up products.
#[derive(Clone, Copy, Debug)]
pub(crate) struct I8Accumulation<'a, O> {
    pub(crate) zero_offset: i16,
    /// One value per column, then padding.
    pub(crate) bias: Option<&'a [i32]>,
    pub(crate) stage: O,
}

/// A k x n matrix of int8, reordered into words for the kernel that will read it.
#[derive(Clone, Debug)]
pub struct PackedI8 {
    isa: Isa,
    k: usize,
    /// The rows are made of so many segments, each of whole words.
    segments: usize,
    shape: WordShape,
    panels: Panels<i32>,
    /// The sum of each column, then padding.
    sums: Vec<i32>,
    /// 255 times the largest sum of a column's magnitudes.
    limit: i64,
}

impl PackedI8 {
    /// Packs the row-major `k` x `n` matrix `b`. An HWIO filter is one with k = h * w * i.
    ///
    /// # Errors
    /// [`KernelError::Length`] or [`KernelError::Overflow`] if `b` is not of that size,
    /// [`KernelError::Depth`] if a sum of `k` products (at most 65,793) might not fit an i32.
    pub fn new(k: usize, n: usize, b: &[i8]) -> Result<Self, KernelError> {
        Self::for_isa(Isa::best(), k, n, b)
    }

    /// [`PackedI8::new`] for a given instruction set.
    ///
    /// # Errors
    /// As [`PackedI8::new`].
    pub fn for_isa(isa: Isa, k: usize, n: usize, b: &[i8]) -> Result<Self, KernelError> {
        Self::in_segments(isa, 1, k, n, b)
    }

    /// [`PackedI8::for_isa`] for left sides whose rows lie in `segments` segments of the same length, as the
    /// lines of a filter's window do.
    ///
    /// # Errors
    /// As [`PackedI8::new`]; [`KernelError::Length`] if `k` is not a multiple of `segments`.
    pub fn in_segments(isa: Isa, segments: usize, k: usize, n: usize, b: &[i8]) -> Result<Self, KernelError> {
        lengths::expect_depth_i8(k)?;
        let segment = k.checked_div(segments).unwrap_or(0);
        lengths::expect("k", k, segment * segments)?;
        lengths::expect("b", b.len(), lengths::product("b", &[k, n])?)?;
        let shape = WordShape::of(isa);
        let mut sums = vec![0; n + PADDING];
        let mut magnitudes = vec![0_i64; n];
        for row in b.chunks_exact(n.max(1)) {
            for ((&value, sum), magnitude) in row.iter().zip(&mut sums).zip(&mut magnitudes) {
                *sum += i32::from(value);
                *magnitude += i64::from(value.unsigned_abs());
            }
        }
        let words = match segments {
            1 => k.div_ceil(shape.group),
            _ => segments * padded(segment) / shape.group,
        };
        let panels = Panels::pack(isa, words, n, |data, lanes, index| {
            for (row, values) in b.chunks_exact(n.max(1)).enumerate() {
                let place = row / segment * padded(segment) + row % segment;
                for (vector, values) in values.chunks(lanes).enumerate() {
                    let words = &mut data[index(place / shape.group, vector * lanes)..];
                    for (word, &value) in words.iter_mut().zip(values) {
                        *word |= shape.part(value, place % shape.group);
                    }
                }
            }
        })?;
        let limit = 255 * magnitudes.into_iter().max().unwrap_or(0);
        Ok(Self { isa, k, segments, shape, panels, sums, limit })
    }

    /// Rows.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Columns.
    pub fn n(&self) -> usize {
        self.panels.columns()
    }

    /// No sum of products with activations of any zero offset is larger in magnitude.
    pub fn limit(&self) -> i64 {
        self.limit
    }

    /// Some of the columns as a matrix of their own; they must exist.
    pub(crate) fn select(&self, columns: Range<usize>) -> Result<Self, KernelError> {
        let mut sums = self.sums.get(columns.clone()).unwrap_or_default().to_vec();
        sums.resize(columns.len() + PADDING, 0);
        Ok(Self { panels: self.panels.select(self.isa, columns)?, sums, ..*self })
    }

    /// The segments that a row of the left side is made of.
    pub(crate) fn segments(&self) -> usize {
        self.segments
    }

    /// Checks that the rows of a left side may be made of `segments` segments; one takes them all.
    pub(crate) fn expect_segments(&self, segments: usize) -> Result<(), KernelError> {
        if self.segments == 1 || self.segments == segments { Ok(()) } else { Err(KernelError::Window) }
    }

    /// The distance between the segments of a patch: their length rounded up to whole words. What lies
    /// between is multiplied by 0.
    pub(crate) fn segment_stride(&self) -> usize {
        padded(self.k / self.segments)
    }

    /// The distance between patches.
    pub(crate) fn stride(&self) -> usize {
        self.segments * self.segment_stride()
    }

    /// Whether rows `stride` apart need not be prepared: words of bytes are read where they lie.
    fn reads_directly(&self, stride: usize) -> bool {
        self.shape.group == 4 && stride >= self.stride()
    }

    /// Multiplies rows that lie in segments, on this thread, if it can read them where they lie: each
    /// segment is read to the end of its last word.
    pub(crate) fn multiply_segments<O: OutputStage>(
        &self,
        a: Lhs<'_, i8>,
        accumulation: &I8Accumulation<'_, O>,
        c: &mut [O::Out],
    ) -> bool {
        let rows = c.len().checked_div(self.n()).unwrap_or(0);
        let last = (a.segments.count - 1) * a.segments.stride;
        let end = rows.saturating_sub(1) * a.row_stride + last + self.segment_stride();
        let reads = self.shape.group == 4 && a.segments.count == self.segments && end <= a.values.len();
        if reads {
            self.gemm(a.bytes(), accumulation).multiply(c);
        }
        reads
    }

    /// Products of rows in one piece, with what follows the sums, shared out over the threads.
    pub(crate) fn multiply_parallel<O: OutputStage>(
        &self,
        a: Lhs<'_, i8>,
        accumulation: &I8Accumulation<'_, O>,
        c: &mut [O::Out],
    ) -> Result<(), KernelError> {
        self.expect_segments(1)?;
        if self.reads_directly(a.row_stride) {
            return self.gemm(a.bytes(), accumulation).multiply_parallel(c);
        }
        let (n, work) = (self.n(), c.len().saturating_mul(self.k) / 4);
        let rows = lengths::rows("c", c.len(), n)?;
        let last = lengths::product("a", &[rows.saturating_sub(1), a.row_stride])?;
        if rows > 0 && last.checked_add(self.k).is_none_or(|needed| needed > a.values.len()) {
            return Err(KernelError::Overflow { argument: "a" });
        }
        let block = if rows < 8 * PREPARED_ROWS { PREPARED_ROWS / 4 } else { PREPARED_ROWS };
        parallel::for_each_chunk(c, block * n, work, Vec::new, |words, index, c| {
            let values = &a.values[index * block * a.row_stride..];
            self.multiply_prepared(Lhs { values, ..a }, accumulation, words, c);
        });
        Ok(())
    }

    /// The same on this thread; `words` is working memory.
    pub(crate) fn multiply_rows<O: OutputStage>(
        &self,
        a: Lhs<'_, i8>,
        accumulation: &I8Accumulation<'_, O>,
        words: &mut Vec<i32>,
        c: &mut [O::Out],
    ) {
        if self.reads_directly(a.row_stride) {
            return self.gemm(a.bytes(), accumulation).multiply(c);
        }
        self.multiply_prepared(a, accumulation, words, c);
    }

    fn multiply_prepared<O: OutputStage>(
        &self,
        a: Lhs<'_, i8>,
        accumulation: &I8Accumulation<'_, O>,
        words: &mut Vec<i32>,
        c: &mut [O::Out],
    ) {
        let rows = c.len().checked_div(self.n()).unwrap_or(0);
        words.resize(rows * self.panels.rows(), 0);
        let k = if self.segments == 1 { self.k } else { self.stride() };
        self.shape.prepare(self.isa, a, k, words);
        self.gemm(Lhs::rows(words.as_slice(), self.panels.rows()).bytes(), accumulation).multiply(c);
    }

    fn gemm<'a, O: OutputStage>(
        &'a self,
        lhs: Lhs<'a, u8>,
        &I8Accumulation { zero_offset, bias, stage }: &I8Accumulation<'a, O>,
    ) -> Gemm<'a, I8MicroKernel<'a, O>> {
        let micro = I8MicroKernel { weight_sums: &self.sums, bias, zero_offset: zero_offset.into(), stage };
        Gemm { isa: self.isa, micro, lhs, panels: &self.panels }
    }
}
