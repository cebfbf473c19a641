//! The right side of a float product, packed once, and its products with rows of a left side.

use std::ops::Range;

use super::driver::{Product, RowsInRuns, Runs};
use super::f32_sums::F32Sums;
use super::padded::PaddedEpilogue;
use super::panels::Panels;
use crate::{Isa, KernelError, bytes, lengths};

/// A k x n matrix of f32, reordered for the kernel that will read it.
#[derive(Clone, Debug)]
pub struct PackedF32 {
    isa: Isa,
    panels: Panels<f32>,
}

impl PackedF32 {
    /// Packs the row-major `k` x `n` matrix `b`. An HWIO filter is one with k = h * w * i.
    ///
    /// # Errors
    /// [`KernelError::Length`] or [`KernelError::Overflow`] if `b` is not of that size.
    pub fn new(k: usize, n: usize, b: &[f32]) -> Result<Self, KernelError> {
        Self::for_isa(Isa::best(), k, n, b)
    }

    /// [`PackedF32::new`] for a given instruction set.
    ///
    /// # Errors
    /// As [`PackedF32::new`].
    pub fn for_isa(isa: Isa, k: usize, n: usize, b: &[f32]) -> Result<Self, KernelError> {
        lengths::expect("b", b.len(), lengths::product("b", &[k, n])?)?;
        let panels = Panels::pack(isa, k, n, |data, lanes, index| {
            for (row, values) in b.chunks_exact(n.max(1)).enumerate() {
                for (vector, values) in values.chunks(lanes).enumerate() {
                    data[index(row, vector * lanes)..][..values.len()].copy_from_slice(values);
                }
            }
        })?;
        Ok(Self { isa, panels })
    }

    /// Rows.
    pub fn k(&self) -> usize {
        self.panels.rows()
    }

    /// Columns.
    pub fn n(&self) -> usize {
        self.panels.columns()
    }

    /// Some of the columns as a matrix of their own; they must exist.
    pub(crate) fn select(&self, columns: Range<usize>) -> Result<Self, KernelError> {
        Ok(Self { isa: self.isa, panels: self.panels.select(self.isa, columns)? })
    }

    /// `c = epilogue(a * b)`; `a` holds the rows of `c`, k elements each.
    pub(crate) fn multiply_rows(&self, a: &[f32], epilogue: &PaddedEpilogue<'_>, c: &mut [f32]) {
        self.product(a, epilogue).multiply(c);
    }

    /// The same, shared out over the threads.
    pub(crate) fn multiply_parallel(
        &self,
        a: &[f32],
        epilogue: &PaddedEpilogue<'_>,
        c: &mut [f32],
    ) -> Result<(), KernelError> {
        self.product(a, epilogue).multiply_parallel(c)
    }

    /// The same for rows that lie in runs, on this thread.
    pub(crate) fn multiply_runs(&self, a: RowsInRuns<'_, f32>, epilogue: &PaddedEpilogue<'_>, c: &mut [f32]) {
        let product = self.product(a.values, epilogue);
        let runs = Runs { count: a.runs, distance: a.distance * 4 };
        Product { lhs_stride: a.stride * 4, runs, ..product }.multiply(c);
    }

    fn product<'a>(&'a self, a: &'a [f32], epilogue: &'a PaddedEpilogue) -> Product<'a, F32Sums<'a>> {
        Product {
            isa: self.isa,
            sums: F32Sums::of(epilogue),
            lhs: bytes::of_f32(a),
            lhs_stride: self.k() * 4,
            runs: Runs::ONE,
            panels: &self.panels,
        }
    }
}
