//! The right side of a float product, packed once, and its products with rows of a left side.

use std::ops::Range;

use super::driver::Gemm;
use super::lhs::Lhs;
use super::micro_f32::F32MicroKernel;
use super::padded::PaddedEpilogue;
use super::panels::Panels;
use crate::{Isa, KernelError, lengths};

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
        self.gemm(Lhs::rows(a, self.k()), epilogue).multiply(c);
    }

    /// The same, shared out over the threads.
    pub(crate) fn multiply_parallel(
        &self,
        a: &[f32],
        epilogue: &PaddedEpilogue<'_>,
        c: &mut [f32],
    ) -> Result<(), KernelError> {
        self.gemm(Lhs::rows(a, self.k()), epilogue).multiply_parallel(c)
    }

    /// The same for rows that lie in segments, on this thread.
    pub(crate) fn multiply_segments(&self, a: Lhs<'_, f32>, epilogue: &PaddedEpilogue<'_>, c: &mut [f32]) {
        self.gemm(a, epilogue).multiply(c);
    }

    fn gemm<'a>(&'a self, a: Lhs<'a, f32>, epilogue: &'a PaddedEpilogue) -> Gemm<'a, F32MicroKernel<'a>> {
        Gemm { isa: self.isa, micro: F32MicroKernel::of(epilogue), lhs: a.bytes(), panels: &self.panels }
    }
}
