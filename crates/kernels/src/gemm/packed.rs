use std::ops::Range;

use super::block::multiply_rows;
use super::f32_tile::F32Kernel;
use super::i8_tile::{I8Kernel, centre};
use super::panels::Panels;
use crate::{Epilogue, Isa, KernelError, lengths};

/// A k x n matrix of f32, reordered for the kernel that will read it.
#[derive(Clone, Debug)]
pub struct PackedF32 {
    isa: Isa,
    panels: Panels<f32, 1>,
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
        Ok(Self { isa, panels: Panels::pack(k, n, b, |x| x)? })
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
    pub(crate) fn select(&self, columns: Range<usize>) -> Self {
        Self { isa: self.isa, panels: self.panels.select(columns) }
    }

    /// `c = epilogue(a * b)`; `a` holds the rows of `c`, k elements each.
    pub(crate) fn multiply_rows(&self, a: &[f32], epilogue: Epilogue<'_>, c: &mut [f32]) {
        multiply_rows(&F32Kernel { isa: self.isa, epilogue }, a, &self.panels, c);
    }
}

/// A k x n matrix of int8, reordered and widened for the kernel that will read it.
#[derive(Clone, Debug)]
pub struct PackedI8 {
    isa: Isa,
    k: usize,
    panels: Panels<i16, 2>,
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
        lengths::expect_depth_i8(k)?;
        Ok(Self { isa, k, panels: Panels::pack(k, n, b, i16::from)? })
    }

    /// Rows.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Columns.
    pub fn n(&self) -> usize {
        self.panels.columns()
    }

    /// Some of the columns as a matrix of their own; they must exist.
    pub(crate) fn select(&self, columns: Range<usize>) -> Self {
        Self { isa: self.isa, k: self.k, panels: self.panels.select(columns) }
    }

    /// The distance between rows of centred activations: k rounded up to a pair. What lies
    /// between is multiplied by 0.
    pub(crate) fn stride(&self) -> usize {
        self.panels.rows()
    }

    /// `centred = q - zero_offset`.
    #[inline]
    pub(crate) fn centre(&self, q: &[i8], zero_offset: i16, centred: &mut [i16]) {
        centre(self.isa, q, zero_offset, centred);
    }

    /// `c = a * b`; `a` holds the rows of `c`, centred, [`PackedI8::stride`] elements each.
    pub(crate) fn multiply_rows(&self, a: &[i16], c: &mut [i32]) {
        multiply_rows(&I8Kernel { isa: self.isa }, a, &self.panels, c);
    }
}
