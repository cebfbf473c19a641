//! Tiles of sums held in registers, the same for every element type and instruction set.
#![allow(
    unsafe_code,
    reason = "operands are read and written through pointers, whose bounds the driver checks"
)]

use crate::simd::Simd;

/// What a tile computes: how products are added up, and what becomes of the sums.
///
/// Elements of the left side are four bytes, those of the right side one lane each.
pub(crate) trait Sums: Copy + Send + Sync {
    /// A vector of sums, and of elements of the right side.
    type Vector<S: Simd>: Copy;
    /// One element of the right side.
    type Rhs: Copy + Default + Send + Sync;
    /// One result.
    type Out: Send;

    /// The sums of V vectors of columns from `column` on before any product is added.
    ///
    /// # Safety
    /// The panels have V * LANES columns from `column` on, missing ones included.
    unsafe fn start<S: Simd, const V: usize>(self, simd: S, column: usize) -> [Self::Vector<S>; V];

    /// # Safety
    /// `from` is valid for reading LANES elements.
    unsafe fn load<S: Simd>(simd: S, from: *const Self::Rhs) -> Self::Vector<S>;

    /// # Safety
    /// `from` is valid for reading four bytes.
    unsafe fn splat<S: Simd>(simd: S, from: *const u8) -> Self::Vector<S>;

    /// `sum + lhs * rhs`
    fn add<S: Simd>(
        simd: S,
        sum: Self::Vector<S>,
        lhs: Self::Vector<S>,
        rhs: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// Writes the results of `count` columns from `column` on.
    ///
    /// # Safety
    /// As [`start`](Self::start), and `to` is valid for writing `count` elements, of which there
    /// are at most V * LANES.
    unsafe fn finish<S: Simd, const V: usize>(
        self,
        simd: S,
        sums: [Self::Vector<S>; V],
        column: usize,
        count: usize,
        to: *mut Self::Out,
    );
}

/// A run of rows of the left side and of the output, and one panel.
pub(super) struct Strip<R, O> {
    /// Row r starts `r * lhs_stride` bytes behind.
    pub(super) lhs: *const u8,
    pub(super) lhs_stride: usize,
    /// A row is made of so many runs of `depth` elements of four bytes, `distance` bytes apart.
    pub(super) runs: usize,
    pub(super) distance: usize,
    pub(super) depth: usize,
    /// `runs * depth` rows of V * LANES elements.
    pub(super) rhs: *const R,
    /// The panel's first column, and how many of its columns exist.
    pub(super) column: usize,
    pub(super) count: usize,
    /// Column `column` of the first row; the next is `out_stride` elements behind.
    pub(super) out: *mut O,
    pub(super) out_stride: usize,
}

/// Computes `rows` rows of a panel V vectors wide, in tiles that fit the registers.
///
/// # Safety
/// Everything that `strip` describes is valid for reading, `out` for writing `count` elements in
/// each row, which nobody else uses meanwhile.
#[inline(always)]
pub(super) unsafe fn strip<S: Simd, M: Sums, const V: usize>(
    simd: S,
    sums: M,
    strip: &Strip<M::Rhs, M::Out>,
    rows: usize,
) {
    let mut row = 0;
    macro_rules! tiles {
        ($rows:literal) => {
            while rows - row >= $rows {
                // SAFETY: row + $rows <= rows.
                unsafe { tile::<S, M, $rows, V>(simd, sums, strip, row) };
                row += $rows;
            }
        };
    }
    // As many rows as leave registers for V vectors of the right side and two of the left; with one
    // left over, the compiler moves sums to memory.
    if S::REGISTERS == 32 {
        if V < 4 {
            tiles!(14);
            tiles!(7);
        }
        tiles!(6);
        tiles!(4);
    } else {
        tiles!(6);
        tiles!(4);
    }
    tiles!(2);
    tiles!(1);
}

/// Computes R rows from `row` on.
///
/// # Safety
/// As [`strip`], and row + R <= rows.
#[inline(always)]
unsafe fn tile<S: Simd, M: Sums, const R: usize, const V: usize>(
    simd: S,
    math: M,
    strip: &Strip<M::Rhs, M::Out>,
    row: usize,
) {
    let stride = strip.lhs_stride;
    // SAFETY: the caller vouches for the operands; `start` and `finish` get the panel's columns.
    unsafe {
        let start = math.start::<S, V>(simd, strip.column);
        let mut sums = [start; R];
        for run in 0..strip.runs {
            let lhs = strip.lhs.add(row * stride + run * strip.distance);
            let rhs = strip.rhs.add(run * strip.depth * V * S::LANES);
            for i in 0..strip.depth {
                let mut columns = start;
                // Nested loops, because a flattened iterator keeps the sums out of registers.
                for (v, column) in columns.iter_mut().enumerate() {
                    *column = M::load(simd, rhs.add((i * V + v) * S::LANES));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let x = M::splat(simd, lhs.add(r * stride + i * 4));
                    for (sum, &column) in sums.iter_mut().zip(&columns) {
                        *sum = M::add(simd, *sum, x, column);
                    }
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            let to = strip.out.add((row + r) * strip.out_stride);
            math.finish::<S, V>(simd, sums, strip.column, strip.count, to);
        }
    }
}
