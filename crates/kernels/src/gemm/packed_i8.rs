//! The right side of an int8 product, packed once into words of four bytes or two i16, and its products
//! with rows of a left side, read where they lie or turned into words first.

use std::ops::Range;

use super::driver::{Product, RowsInRuns, Runs};
use super::i8_sums::I8Sums;
use super::padded::PADDING;
use super::panels::Panels;
use super::words::{self, WordShape};
use crate::sum_epilogue::SumResult;
use crate::{Isa, KernelError, bytes, lengths, parallel};

/// The length of a run rounded up to whole words of any instruction set.
fn padded(run: usize) -> usize {
    run.next_multiple_of(4)
}

/// Rows that are turned into words together; they stay in the L1 cache.
const PREPARED_ROWS: usize = 56;

/// What is done to int8 sums besides adding up products.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SumsOf<'a, R> {
    pub(crate) zero_offset: i16,
    /// One value per column, then padding.
    pub(crate) bias: Option<&'a [i32]>,
    pub(crate) result: R,
}

/// A k x n matrix of int8, reordered into words for the kernel that will read it.
#[derive(Clone, Debug)]
pub struct PackedI8 {
    isa: Isa,
    k: usize,
    /// The rows are made of so many runs, each of whole words.
    runs: usize,
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
        Self::in_runs(isa, 1, k, n, b)
    }

    /// [`PackedI8::for_isa`] for left sides whose rows lie in `runs` runs of the same length, as the
    /// lines of a filter's window do.
    ///
    /// # Errors
    /// As [`PackedI8::new`]; [`KernelError::Length`] if `k` is not a multiple of `runs`.
    pub fn in_runs(isa: Isa, runs: usize, k: usize, n: usize, b: &[i8]) -> Result<Self, KernelError> {
        lengths::expect_depth_i8(k)?;
        let run = k.checked_div(runs).unwrap_or(0);
        lengths::expect("k", k, run * runs)?;
        lengths::expect("b", b.len(), lengths::product("b", &[k, n])?)?;
        let shape = isa.run_vectorized(words::Shape);
        let mut sums = vec![0; n + PADDING];
        let mut magnitudes = vec![0_i64; n];
        for row in b.chunks_exact(n.max(1)) {
            for ((&value, sum), magnitude) in row.iter().zip(&mut sums).zip(&mut magnitudes) {
                *sum += i32::from(value);
                *magnitude += i64::from(value.unsigned_abs());
            }
        }
        let words = if runs == 1 { k.div_ceil(shape.group) } else { runs * padded(run) / shape.group };
        let panels = Panels::pack(isa, words, n, |data, lanes, index| {
            for (row, values) in b.chunks_exact(n.max(1)).enumerate() {
                let place = row / run * padded(run) + row % run;
                for (vector, values) in values.chunks(lanes).enumerate() {
                    let words = &mut data[index(place / shape.group, vector * lanes)..];
                    for (word, &value) in words.iter_mut().zip(values) {
                        *word |= shape.part(value, place % shape.group);
                    }
                }
            }
        })?;
        let limit = 255 * magnitudes.into_iter().max().unwrap_or(0);
        Ok(Self { isa, k, runs, shape, panels, sums, limit })
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

    /// The runs that a row of the left side is made of.
    pub(crate) fn runs(&self) -> usize {
        self.runs
    }

    /// Checks that the rows of a left side may be made of `runs` runs; one takes them all.
    pub(crate) fn expect_runs(&self, runs: usize) -> Result<(), KernelError> {
        if self.runs == 1 || self.runs == runs { Ok(()) } else { Err(KernelError::Window) }
    }

    /// The distance between the runs of a patch: their length rounded up to whole words. What lies
    /// between is multiplied by 0.
    pub(crate) fn run_stride(&self) -> usize {
        padded(self.k / self.runs)
    }

    /// The distance between patches.
    pub(crate) fn stride(&self) -> usize {
        self.runs * self.run_stride()
    }

    /// Whether rows `stride` apart need not be prepared: words of bytes are read where they lie.
    fn reads_directly(&self, stride: usize) -> bool {
        self.shape.group == 4 && stride >= self.stride()
    }

    /// Multiplies rows that lie in runs, on this thread, if it can read them where they lie: each run
    /// is read to the end of its last word.
    pub(crate) fn multiply_runs<R: SumResult>(
        &self,
        a: RowsInRuns<'_, i8>,
        sums: &SumsOf<'_, R>,
        c: &mut [R::Out],
    ) -> bool {
        let rows = c.len().checked_div(self.n()).unwrap_or(0);
        let end = rows.saturating_sub(1) * a.stride + (a.runs - 1) * a.distance + self.run_stride();
        let reads = self.shape.group == 4 && a.runs == self.runs && end <= a.values.len();
        if reads {
            let product = self.product(bytes::of_i8(a.values), a.stride, sums);
            Product { runs: Runs { count: a.runs, distance: a.distance }, ..product }.multiply(c);
        }
        reads
    }

    /// Products of the rows of `a`, `a_stride` elements apart, with what follows the sums, shared
    /// out over the threads.
    pub(crate) fn multiply_parallel<R: SumResult>(
        &self,
        a: (&[i8], usize),
        sums: &SumsOf<'_, R>,
        c: &mut [R::Out],
    ) -> Result<(), KernelError> {
        self.expect_runs(1)?;
        if self.reads_directly(a.1) {
            return self.product(bytes::of_i8(a.0), a.1, sums).multiply_parallel(c);
        }
        let (n, work) = (self.n(), c.len().saturating_mul(self.k) / 4);
        let rows = lengths::rows("c", c.len(), n)?;
        let last = lengths::product("a", &[rows.saturating_sub(1), a.1])?;
        if rows > 0 && last.checked_add(self.k).is_none_or(|needed| needed > a.0.len()) {
            return Err(KernelError::Overflow { argument: "a" });
        }
        let block = if rows < 8 * PREPARED_ROWS { PREPARED_ROWS / 4 } else { PREPARED_ROWS };
        parallel::for_each_chunk(c, block * n, work, Vec::new, |words, index, c| {
            self.multiply_prepared((&a.0[index * block * a.1..], a.1), sums, words, c);
        });
        Ok(())
    }

    /// The same on this thread; `words` is working memory.
    pub(crate) fn multiply_rows<R: SumResult>(
        &self,
        a: (&[i8], usize),
        sums: &SumsOf<'_, R>,
        words: &mut Vec<i32>,
        c: &mut [R::Out],
    ) {
        if self.reads_directly(a.1) {
            return self.product(bytes::of_i8(a.0), a.1, sums).multiply(c);
        }
        self.multiply_prepared(a, sums, words, c);
    }

    fn multiply_prepared<R: SumResult>(
        &self,
        (a, stride): (&[i8], usize),
        sums: &SumsOf<'_, R>,
        words: &mut Vec<i32>,
        c: &mut [R::Out],
    ) {
        let rows = c.len().checked_div(self.n()).unwrap_or(0);
        words.resize(rows * self.panels.rows(), 0);
        let k = if self.runs == 1 { self.k } else { self.stride() };
        self.shape.prepare(self.isa, (a, stride), k, words);
        self.product(bytes::of_i32(words), self.panels.rows() * 4, sums).multiply(c);
    }

    fn product<'a, R: SumResult>(
        &'a self,
        lhs: &'a [u8],
        lhs_stride: usize,
        &SumsOf { zero_offset, bias, result }: &SumsOf<'a, R>,
    ) -> Product<'a, I8Sums<'a, R>> {
        let sums = I8Sums { weight_sums: &self.sums, bias, zero_offset: zero_offset.into(), result };
        Product { isa: self.isa, sums, lhs, lhs_stride, runs: Runs::ONE, panels: &self.panels }
    }
}
