//! The int8 tile: activations centred to i16, two products per 32-bit step.
//!
//! `|q - zero_offset| <= 255` and `|w| <= 128`, so a pair of products stays below 2^17 and nothing
//! between the int8 values and the i32 sum can saturate.

use super::block::{Kernel, TILE_ROWS, Tile};
use super::panels::{NARROW, WIDE};
use crate::Isa;
use crate::isa::Vectorize;

pub(super) struct I8Kernel {
    pub(super) isa: Isa,
}

impl Kernel<2> for I8Kernel {
    type Lhs = i16;
    type Rhs = i16;
    type Out = i32;
    type Finish = ();
    const DEPTH: usize = 512;

    fn finish(&self, _column: usize) {}

    #[inline]
    fn tile(&self, tile: &Tile<'_, i16, i16>, _finish: &(), out: &mut [i32], stride: usize) {
        if self.isa.is_avx2() {
            #[cfg(target_arch = "x86_64")]
            return super::avx2::i8_tile(self.isa, tile, out, stride);
        }
        match tile.width {
            NARROW => generic::<NARROW>(tile, out, stride),
            _ => generic::<WIDE>(tile, out, stride),
        }
    }
}

fn generic<const WIDTH: usize>(tile: &Tile<'_, i16, i16>, out: &mut [i32], stride: usize) {
    let mut sums = [[0_i32; WIDTH]; TILE_ROWS];
    let sums = &mut sums[..tile.rows];
    if tile.resume {
        for (sums, out) in sums.iter_mut().zip(out.chunks(stride)) {
            sums.copy_from_slice(&out[..WIDTH]);
        }
    }
    for (pair, rhs) in tile.rhs.chunks_exact(2 * WIDTH).enumerate() {
        for (row, sums) in sums.iter_mut().enumerate() {
            let at = row * tile.lhs_stride + 2 * pair;
            let (first, second) = (i32::from(tile.lhs[at]), i32::from(tile.lhs[at + 1]));
            for (sum, rhs) in sums.iter_mut().zip(rhs.chunks_exact(2)) {
                *sum += first * i32::from(rhs[0]) + second * i32::from(rhs[1]);
            }
        }
    }
    for (sums, out) in sums.iter().zip(out.chunks_mut(stride)) {
        out[..WIDTH].copy_from_slice(sums);
    }
}

/// `centred = q - zero_offset`, as many as both slices have.
#[inline]
pub(super) fn centre(isa: Isa, q: &[i8], zero_offset: i16, centred: &mut [i16]) {
    isa.run(Centre { q, zero_offset, centred });
}

struct Centre<'a> {
    q: &'a [i8],
    zero_offset: i16,
    centred: &'a mut [i16],
}

impl Vectorize for Centre<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (centred, &q) in self.centred.iter_mut().zip(self.q) {
            *centred = i16::from(q) - self.zero_offset;
        }
    }
}
