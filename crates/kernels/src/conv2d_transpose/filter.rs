//! The filter of a transposed convolution, packed as one matrix for each pair of phases.

use super::TransposeWindow;
use super::phases::Phases;
use crate::gemm::{PackedF32, PackedI8};
use crate::{Isa, KernelError, lengths};

/// A filter taken apart into one packed matrix for each pair of phases.
#[derive(Clone, Debug)]
pub struct TransposeFilter<P> {
    window: TransposeWindow,
    rows: Phases,
    columns: Phases,
    /// By (row phase, column phase): taps * in_channels rows, out_channels columns.
    packed: Vec<P>,
    /// For positions that no tap reaches: no row at all.
    hollow: P,
}

/// A filter of f32.
pub type TransposeFilterF32 = TransposeFilter<PackedF32>;

/// A filter of int8.
pub type TransposeFilterI8 = TransposeFilter<PackedI8>;

impl TransposeFilterF32 {
    /// Packs `values` in HWOI order.
    ///
    /// # Errors
    /// [`KernelError::Window`] for a stride or dilation of zero, [`KernelError::Length`] or
    /// [`KernelError::Overflow`] if `values` does not fit `window`.
    pub fn new(window: TransposeWindow, values: &[f32]) -> Result<Self, KernelError> {
        Self::for_isa(Isa::best(), window, values)
    }

    /// [`TransposeFilterF32::new`] for a given instruction set.
    ///
    /// # Errors
    /// As [`TransposeFilterF32::new`].
    pub fn for_isa(isa: Isa, window: TransposeWindow, values: &[f32]) -> Result<Self, KernelError> {
        Self::pack(window, values, |k, n, values| PackedF32::for_isa(isa, k, n, values))
    }
}

impl TransposeFilterI8 {
    /// Packs `values` in HWOI order.
    ///
    /// # Errors
    /// As [`TransposeFilterF32::new`]; [`KernelError::Depth`] if the sum of one phase might not
    /// fit an i32.
    pub fn new(window: TransposeWindow, values: &[i8]) -> Result<Self, KernelError> {
        Self::for_isa(Isa::best(), window, values)
    }

    /// [`TransposeFilterI8::new`] for a given instruction set.
    ///
    /// # Errors
    /// As [`TransposeFilterI8::new`].
    pub fn for_isa(isa: Isa, window: TransposeWindow, values: &[i8]) -> Result<Self, KernelError> {
        Self::pack(window, values, |k, n, values| PackedI8::for_isa(isa, k, n, values))
    }

    /// No sum of products with activations of any zero offset is larger in magnitude.
    pub fn limit(&self) -> i64 {
        self.packed.iter().map(|packed| packed.limit()).max().unwrap_or(0)
    }
}

impl<P> TransposeFilter<P> {
    fn pack<T: Copy>(
        window: TransposeWindow,
        values: &[T],
        pack: impl Fn(usize, usize, &[T]) -> Result<P, KernelError>,
    ) -> Result<Self, KernelError> {
        let TransposeWindow { kernel, strides, dilations, in_channels, out_channels } = window;
        let extents = [kernel.0, kernel.1, out_channels, in_channels];
        lengths::expect("filter", values.len(), lengths::product("filter", &extents)?)?;
        // Without values no tap counts, however many a damaged file may claim.
        let taps = if values.is_empty() { (0, 0) } else { kernel };
        let rows = Phases::new(taps.0, strides.0, dilations.0).ok_or(KernelError::Window)?;
        let columns = Phases::new(taps.1, strides.1, dilations.1).ok_or(KernelError::Window)?;
        let mut packed = Vec::with_capacity(rows.len() * columns.len());
        for (_, kh) in rows.iter() {
            for (_, kw) in columns.iter() {
                let k = kh.len() * kw.len() * in_channels;
                let mut matrix = Vec::with_capacity(k * out_channels);
                for (kh, kw) in kh.iter().flat_map(|kh| kw.iter().map(move |kw| (kh, kw))) {
                    let tap = &values[(kh * kernel.1 + kw) * out_channels * in_channels..];
                    for ci in 0..in_channels {
                        matrix.extend((0..out_channels).map(|co| tap[co * in_channels + ci]));
                    }
                }
                packed.push(pack(k, out_channels, &matrix)?);
            }
        }
        let hollow = pack(0, out_channels, &[])?;
        Ok(Self { window, rows, columns, packed, hollow })
    }

    /// What it was packed for.
    pub fn window(&self) -> &TransposeWindow {
        &self.window
    }

    pub(super) fn rows(&self) -> &Phases {
        &self.rows
    }

    pub(super) fn columns(&self) -> &Phases {
        &self.columns
    }

    /// The matrix of a pair of phases with the taps of each.
    pub(super) fn phase(&self, row: Option<usize>, column: Option<usize>) -> (&P, &[usize], &[usize]) {
        match row.zip(column) {
            Some((row, column)) => {
                (&self.packed[row * self.columns.len() + column], &self.rows[row].1, &self.columns[column].1)
            }
            None => (&self.hollow, &[], &[]),
        }
    }
}
