//! The loops around a tile, the same for every element type and instruction set.

use super::panels::{Panels, WIDE};

/// Rows of a full tile: six rows of two vectors leave four of sixteen registers for operands.
pub(super) const TILE_ROWS: usize = 6;

/// The operands of one tile of sums.
pub(super) struct Tile<'a, L, R> {
    /// 1 to [`TILE_ROWS`].
    pub(super) rows: usize,
    /// Columns: `WIDE` or `NARROW`.
    pub(super) width: usize,
    /// Products per sum in this step, a multiple of the kernel's group.
    pub(super) depth: usize,
    /// Row r starts at `r * lhs_stride`.
    pub(super) lhs: &'a [L],
    pub(super) lhs_stride: usize,
    /// `depth * width` values in panel order.
    pub(super) rhs: &'a [R],
    /// Continue the sums that the output holds, instead of starting from zero.
    pub(super) resume: bool,
    /// No products are left after this step: finish the sums.
    pub(super) last: bool,
}

/// Computes tiles of `out[r][c] = sum of lhs[r][i] * rhs[i][c]`, i ascending.
pub(super) trait Kernel<const GROUP: usize> {
    type Lhs: Copy;
    type Rhs: Copy + Default;
    type Out: Copy + Default;
    /// What is done with the sums of one panel at the end.
    type Finish;

    /// The most products per step; that many values of `WIDE` columns should fit half the L1
    /// cache. A multiple of `GROUP`.
    const DEPTH: usize;

    /// The finish of the panel that starts at `column`.
    fn finish(&self, column: usize) -> Self::Finish;

    /// Writes `tile.width` columns of `tile.rows` rows of `out`, row r from `r * stride`. Columns
    /// beyond the product's last are scratch.
    fn tile(
        &self,
        tile: &Tile<'_, Self::Lhs, Self::Rhs>,
        finish: &Self::Finish,
        out: &mut [Self::Out],
        stride: usize,
    );
}

/// Multiplies whole rows: `lhs` has `panels.rows()` values for each row of `out`.
pub(super) fn multiply_rows<const GROUP: usize, K: Kernel<GROUP>>(
    kernel: &K,
    lhs: &[K::Lhs],
    panels: &Panels<K::Rhs, GROUP>,
    out: &mut [K::Out],
) {
    let (depth, n) = (panels.rows(), panels.columns());
    let rows = out.len().checked_div(n).unwrap_or(0);
    for panel in panels.iter() {
        let finish = kernel.finish(panel.first);
        let mut start = 0;
        loop {
            let end = depth.min(start + K::DEPTH);
            for row in (0..rows).step_by(TILE_ROWS) {
                let tile = Tile {
                    rows: TILE_ROWS.min(rows - row),
                    width: panel.width,
                    depth: end - start,
                    lhs: &lhs[row * depth + start..],
                    lhs_stride: depth,
                    rhs: &panel.data[start * panel.width..end * panel.width],
                    resume: start > 0,
                    last: end == depth,
                };
                let out = &mut out[row * n + panel.first..];
                if panel.columns == panel.width {
                    kernel.tile(&tile, &finish, out, n);
                } else {
                    narrow_tile(kernel, &tile, &finish, panel.columns, out, n);
                }
            }
            start = end;
            if end == depth {
                break;
            }
        }
    }
}

/// A tile of which only `columns` exist in `out`.
fn narrow_tile<const GROUP: usize, K: Kernel<GROUP>>(
    kernel: &K,
    tile: &Tile<'_, K::Lhs, K::Rhs>,
    finish: &K::Finish,
    columns: usize,
    out: &mut [K::Out],
    stride: usize,
) {
    let mut whole = [K::Out::default(); TILE_ROWS * WIDE];
    if tile.resume {
        for (whole, out) in whole.chunks_exact_mut(WIDE).zip(out.chunks(stride)).take(tile.rows) {
            whole[..columns].copy_from_slice(&out[..columns]);
        }
    }
    kernel.tile(tile, finish, &mut whole, WIDE);
    for (whole, out) in whole.chunks_exact(WIDE).zip(out.chunks_mut(stride)).take(tile.rows) {
        out[..columns].copy_from_slice(&whole[..columns]);
    }
}
