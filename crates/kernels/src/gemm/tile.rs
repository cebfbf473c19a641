//! Tiles of accumulators held in registers, the same for every element type and instruction set.
#![allow(
    unsafe_code,
    reason = "operands are read and written through pointers, whose bounds the driver checks"
)]

use super::lhs::Segments;
use crate::simd::Simd;

/// The arithmetic of a tile: how products are added up, and what becomes of the accumulators.
///
/// Elements of the left side are four bytes, those of the right side one lane each.
pub(super) trait MicroKernel: Copy + Send + Sync {
    /// A vector of accumulators, and of elements of the right side.
    type Accumulator<S: Simd>: Copy;
    /// One element of the right side.
    type Rhs: Copy + Default + Send + Sync;
    /// One result.
    type Out: Send;

    /// The accumulators of V vectors of columns from `column` on before any product is added.
    ///
    /// # Safety
    /// The panels have V * LANES columns from `column` on, missing ones included.
    unsafe fn start<S: Simd, const V: usize>(self, simd: S, column: usize) -> [Self::Accumulator<S>; V];

    /// # Safety
    /// `from` is valid for reading LANES elements.
    unsafe fn load<S: Simd>(simd: S, from: *const Self::Rhs) -> Self::Accumulator<S>;

    /// # Safety
    /// `from` is valid for reading four bytes.
    unsafe fn broadcast<S: Simd>(simd: S, from: *const u8) -> Self::Accumulator<S>;

    /// `accumulator + lhs * rhs`
    fn multiply_add<S: Simd>(
        simd: S,
        accumulator: Self::Accumulator<S>,
        lhs: Self::Accumulator<S>,
        rhs: Self::Accumulator<S>,
    ) -> Self::Accumulator<S>;

    /// Writes the results of `count` columns from `column` on.
    ///
    /// # Safety
    /// As [`start`](Self::start), and `to` is valid for writing `count` elements, of which there
    /// are at most V * LANES.
    unsafe fn store<S: Simd, const V: usize>(
        self,
        simd: S,
        accumulators: [Self::Accumulator<S>; V],
        column: usize,
        count: usize,
        to: *mut Self::Out,
    );
}

/// Some rows of the left side and of the output, and one panel.
pub(super) struct Operands<R, O> {
    /// Row r starts `r * row_stride` bytes behind.
    pub(super) lhs: *const u8,
    pub(super) row_stride: usize,
    /// Of a row, each of `depth` elements of four bytes; distances in bytes.
    pub(super) segments: Segments,
    pub(super) depth: usize,
    /// `segments * depth` rows of V * LANES elements.
    pub(super) rhs: *const R,
    /// The panel's first column, and how many of its columns exist.
    pub(super) column: usize,
    pub(super) count: usize,
    /// Column `column` of the first row; the next is `out_stride` elements behind.
    pub(super) out: *mut O,
    pub(super) out_stride: usize,
}

/// Multiplies `rows` rows with a panel V vectors wide, in tiles that fit the registers.
///
/// # Safety
/// Everything that `operands` describes is valid for reading, `out` for writing `count` elements in
/// each row, which nobody else uses meanwhile.
#[inline(always)]
pub(super) unsafe fn multiply_panel<S: Simd, M: MicroKernel, const V: usize>(
    simd: S,
    micro: M,
    operands: &Operands<M::Rhs, M::Out>,
    rows: usize,
) {
    let mut row = 0;
    macro_rules! tiles {
        ($rows:literal) => {
            while rows - row >= $rows {
                // SAFETY: row + $rows <= rows.
                unsafe { tile::<S, M, $rows, V>(simd, micro, operands, row) };
                row += $rows;
            }
        };
    }
    // As many rows as leave registers for V vectors of the right side and two of the left; with one
    // left over, the compiler moves accumulators to memory. Few sizes, since each is a loop of its own
    // for every instruction set and arithmetic; the small ones are for the rows that are left.
    if S::REGISTERS == 32 {
        if V < 4 {
            tiles!(14);
            tiles!(7);
        } else {
            tiles!(6);
        }
        tiles!(4);
        tiles!(2);
    } else if S::REGISTERS == 16 {
        tiles!(6);
        tiles!(4);
        tiles!(2);
    } else {
        tiles!(4);
    }
    tiles!(1);
}

/// Computes R rows from `row` on.
///
/// # Safety
/// As [`multiply_panel`], and row + R <= rows.
#[inline(always)]
unsafe fn tile<S: Simd, M: MicroKernel, const R: usize, const V: usize>(
    simd: S,
    micro: M,
    operands: &Operands<M::Rhs, M::Out>,
    row: usize,
) {
    let stride = operands.row_stride;
    // SAFETY: the caller vouches for the operands; `start` and `store` get the panel's columns.
    unsafe {
        let start = micro.start::<S, V>(simd, operands.column);
        let mut accumulators = [start; R];
        for segment in 0..operands.segments.count {
            let lhs = operands.lhs.add(row * stride + segment * operands.segments.stride);
            let rhs = operands.rhs.add(segment * operands.depth * V * S::LANES);
            for i in 0..operands.depth {
                let mut columns = start;
                // Nested loops, because a flattened iterator keeps the accumulators out of registers.
                for (v, column) in columns.iter_mut().enumerate() {
                    *column = M::load(simd, rhs.add((i * V + v) * S::LANES));
                }
                for (r, accumulators) in accumulators.iter_mut().enumerate() {
                    let x = M::broadcast(simd, lhs.add(r * stride + i * 4));
                    for (accumulator, &column) in accumulators.iter_mut().zip(&columns) {
                        *accumulator = M::multiply_add(simd, *accumulator, x, column);
                    }
                }
            }
        }
        for (r, accumulators) in accumulators.into_iter().enumerate() {
            let to = operands.out.add((row + r) * operands.out_stride);
            micro.store::<S, V>(simd, accumulators, operands.column, operands.count, to);
        }
    }
}
