//! The loops around the tiles: which rows meet which panel, on which thread.
#![allow(unsafe_code, reason = "tasks write disjoint columns of the same rows through a pointer")]

use std::ops::Range;

use super::panels::Panels;
use super::tile::{Strip, Sums, strip};
use crate::isa::Vectorized;
use crate::parallel::{self, Shared};
use crate::simd::Simd;
use crate::{Isa, KernelError, lengths};

/// Bytes of the left side that are multiplied by one panel after the other: some of the L2 cache.
const LHS_BYTES: usize = 1 << 17;
/// Rows of a block are a multiple of this, the most rows of a tile.
const ROWS: usize = 14;

/// Rows of a left side, `stride` values apart, each made of runs of values, `distance` apart.
#[derive(Clone, Copy)]
pub(crate) struct RowsInRuns<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) stride: usize,
    pub(crate) runs: usize,
    pub(crate) distance: usize,
}

/// How the elements of a row of the left side lie: in runs, all of the same length.
#[derive(Clone, Copy)]
pub(super) struct Runs {
    /// How many, at least one.
    pub(super) count: usize,
    /// Bytes from the start of one to that of the next.
    pub(super) distance: usize,
}

impl Runs {
    /// All next to each other.
    pub(super) const ONE: Self = Self { count: 1, distance: 0 };
}

/// A product of rows of four-byte elements with packed panels.
#[derive(Clone, Copy)]
pub(super) struct Product<'a, M: Sums> {
    pub(super) isa: Isa,
    pub(super) sums: M,
    /// Rows `lhs_stride` bytes apart.
    pub(super) lhs: &'a [u8],
    pub(super) lhs_stride: usize,
    pub(super) runs: Runs,
    pub(super) panels: &'a Panels<M::Rhs>,
}

impl<M: Sums> Product<'_, M> {
    /// Writes all rows of `out` on this thread.
    ///
    /// # Panics
    /// If the left side has too few rows, on which the pointers rely.
    pub(super) fn multiply(self, out: &mut [M::Out]) {
        let Ok(rows) = self.expect(out.len()) else { panic!("too few rows on the left side") };
        let panels = 0..self.panels.len();
        // SAFETY: `expect` has checked the lengths; `out` is borrowed mutably.
        unsafe { self.share(out.as_mut_ptr(), 0..rows, panels) };
    }

    /// Writes all rows of `out`, shared out over the threads.
    pub(super) fn multiply_parallel(self, out: &mut [M::Out]) -> Result<(), KernelError> {
        let rows = self.expect(out.len())?;
        let panels = self.panels.len();
        // A row of a panel costs what a float multiply-add does, also if it is a word of int8; the end
        // of a sum costs some more.
        let work = out.len().saturating_mul(self.panels.rows().saturating_add(4));
        let tasks = parallel::tasks(work);
        let out = Shared::new(out);
        if rows >= ROWS * 2 * tasks || panels < tasks {
            parallel::for_each_range(rows.div_ceil(ROWS), tasks, |blocks| {
                let rows = blocks.start * ROWS..(blocks.end * ROWS).min(rows);
                // SAFETY: `expect` has checked the lengths; the tasks have different rows.
                unsafe { self.share(out.as_mut_ptr(), rows, 0..panels) };
            });
            return Ok(());
        }
        // Few rows are shared out by columns: each panel is read once then. Few panels are halved, so
        // that the threads have equal shares.
        let halves = if panels < 4 * tasks && rows >= ROWS { 2 } else { 1 };
        parallel::for_each_range(panels * halves, tasks, |units| {
            for (panel, half) in units.map(|unit| (unit / halves, unit % halves)) {
                let rows = rows * half / halves..rows * (half + 1) / halves;
                // SAFETY: `expect` has checked the lengths; the units differ in rows or panel.
                unsafe { self.share(out.as_mut_ptr(), rows, panel..panel + 1) };
            }
        });
        Ok(())
    }

    /// The number of rows.
    fn expect(&self, out: usize) -> Result<usize, KernelError> {
        let rows = lengths::rows("c", out, self.panels.columns())?;
        let Runs { count, distance } = self.runs;
        let overflow = KernelError::Overflow { argument: "a" };
        let row = lengths::product("a", &[self.panels.rows().checked_div(count).unwrap_or(0), 4])?;
        let last = lengths::product("a", &[rows.saturating_sub(1), self.lhs_stride])?;
        let last_run = lengths::product("a", &[count.saturating_sub(1), distance])?;
        let needed = last.checked_add(last_run).and_then(|needed| needed.checked_add(row));
        let fits = needed.is_some_and(|needed| rows == 0 || needed <= self.lhs.len());
        let even = self.panels.rows().is_multiple_of(count);
        if fits && even { Ok(rows) } else { Err(overflow) }
    }

    /// # Safety
    /// `expect` has accepted an output of which `out` is the first element; nobody else uses its
    /// elements in these rows and panels meanwhile.
    unsafe fn share(self, out: *mut M::Out, rows: Range<usize>, panels: Range<usize>) {
        self.isa.run_vectorized(Share { product: self, out, rows, panels });
    }
}

/// Some rows, some panels; made only where the contract of [`Product::share`] holds.
struct Share<'a, M: Sums> {
    product: Product<'a, M>,
    out: *mut M::Out,
    rows: Range<usize>,
    panels: Range<usize>,
}

impl<M: Sums> Vectorized for Share<'_, M> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Product { sums, lhs, lhs_stride, runs, panels, .. } = self.product;
        let n = panels.columns();
        let block = (LHS_BYTES / lhs_stride.max(1) / ROWS).max(1) * ROWS;
        for first in self.rows.clone().step_by(block) {
            let rows = block.min(self.rows.end - first);
            for panel in self.panels.clone().map(|index| panels.panel(index)) {
                let run = Strip {
                    lhs: lhs[first * lhs_stride..].as_ptr(),
                    lhs_stride,
                    runs: runs.count,
                    distance: runs.distance,
                    depth: panels.rows() / runs.count,
                    rhs: panel.data.as_ptr(),
                    column: panel.first,
                    count: panel.columns,
                    // In bounds of the output by the contract of `Product::share`.
                    out: self.out.wrapping_add(first * n + panel.first),
                    out_stride: n,
                };
                // SAFETY: the runs of the rows lie in `lhs` and `out` by the contract of `Product::share`; the
                // panel has `runs * depth` rows of so many vectors.
                unsafe {
                    match panel.vectors {
                        4 => strip::<S, M, 4>(simd, sums, &run, rows),
                        2 => strip::<S, M, 2>(simd, sums, &run, rows),
                        _ => strip::<S, M, 1>(simd, sums, &run, rows),
                    }
                }
            }
        }
    }
}
