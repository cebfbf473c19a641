//! The loops around the tiles: which rows meet which panel, on which thread.
#![allow(unsafe_code, reason = "tasks write disjoint columns of the same rows through a pointer")]

use std::ops::Range;

use super::lhs::{Lhs, Segments};
use super::panels::Panels;
use super::tile::{MicroKernel, Operands, multiply_panel};
use crate::isa::Kernel;
use crate::parallel::{self, Shared};
use crate::simd::Simd;
use crate::{Isa, KernelError, lengths};

/// Bytes of the left side that are multiplied by one panel after the other: some of the L2 cache.
const LHS_BYTES: usize = 1 << 17;
/// Rows of a block are a multiple of this, the most rows of a tile.
const ROWS: usize = 14;

/// A product of rows of four-byte elements with packed panels.
#[derive(Clone, Copy)]
pub(super) struct Gemm<'a, M: MicroKernel> {
    pub(super) isa: Isa,
    pub(super) micro: M,
    /// Rows of bytes.
    pub(super) lhs: Lhs<'a, u8>,
    pub(super) panels: &'a Panels<M::Rhs>,
}

impl<M: MicroKernel> Gemm<'_, M> {
    /// Writes all rows of `out` on this thread.
    ///
    /// # Panics
    /// If the left side has too few rows, on which the pointers rely.
    pub(super) fn multiply(self, out: &mut [M::Out]) {
        let Ok(rows) = self.expect(out.len()) else { panic!("too few rows on the left side") };
        let panels = 0..self.panels.len();
        // SAFETY: `expect` has checked the lengths; `out` is borrowed mutably.
        unsafe { self.block(out.as_mut_ptr(), 0..rows, panels) };
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
                unsafe { self.block(out.as_mut_ptr(), rows, 0..panels) };
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
                unsafe { self.block(out.as_mut_ptr(), rows, panel..panel + 1) };
            }
        });
        Ok(())
    }

    /// The number of rows.
    fn expect(&self, out: usize) -> Result<usize, KernelError> {
        let rows = lengths::rows("c", out, self.panels.columns())?;
        let Segments { count, stride } = self.lhs.segments;
        let overflow = KernelError::Overflow { argument: "a" };
        let segment = lengths::product("a", &[self.panels.rows().checked_div(count).unwrap_or(0), 4])?;
        let last = lengths::product("a", &[rows.saturating_sub(1), self.lhs.row_stride])?;
        let last_segment = lengths::product("a", &[count.saturating_sub(1), stride])?;
        let needed = last.checked_add(last_segment).and_then(|needed| needed.checked_add(segment));
        let fits = needed.is_some_and(|needed| rows == 0 || needed <= self.lhs.values.len());
        let even = self.panels.rows().is_multiple_of(count);
        if fits && even { Ok(rows) } else { Err(overflow) }
    }

    /// # Safety
    /// `expect` has accepted an output of which `out` is the first element; nobody else uses its
    /// elements in these rows and panels meanwhile.
    unsafe fn block(self, out: *mut M::Out, rows: Range<usize>, panels: Range<usize>) {
        self.isa.run(GemmBlock { gemm: self, out, rows, panels });
    }
}

/// Some rows, some panels; made only where the contract of [`Gemm::block`] holds.
struct GemmBlock<'a, M: MicroKernel> {
    gemm: Gemm<'a, M>,
    out: *mut M::Out,
    rows: Range<usize>,
    panels: Range<usize>,
}

impl<M: MicroKernel> Kernel for GemmBlock<'_, M> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Gemm { micro, lhs: Lhs { values, row_stride, segments }, panels, .. } = self.gemm;
        let n = panels.columns();
        let block = (LHS_BYTES / row_stride.max(1) / ROWS).max(1) * ROWS;
        for first in self.rows.clone().step_by(block) {
            let rows = block.min(self.rows.end - first);
            for panel in self.panels.clone().map(|index| panels.panel(index)) {
                let operands = Operands {
                    lhs: values[first * row_stride..].as_ptr(),
                    row_stride,
                    segments,
                    depth: panels.rows() / segments.count,
                    rhs: panel.data.as_ptr(),
                    column: panel.first,
                    count: panel.columns,
                    // In bounds of the output by the contract of `Gemm::block`.
                    out: self.out.wrapping_add(first * n + panel.first),
                    out_stride: n,
                };
                // SAFETY: the segments of the rows lie in `lhs` and `out` by the contract of `Gemm::block`; the
                // panel has `segments * depth` rows of so many vectors, and only 32 registers have panels of 4.
                unsafe {
                    match panel.vectors {
                        4 if S::REGISTERS == 32 => multiply_panel::<S, M, 4>(simd, micro, &operands, rows),
                        2 => multiply_panel::<S, M, 2>(simd, micro, &operands, rows),
                        _ => multiply_panel::<S, M, 1>(simd, micro, &operands, rows),
                    }
                }
            }
        }
    }
}
