//! The f32 tile: sums by fused multiply-add, then bias and activation.

use super::block::{Kernel, TILE_ROWS, Tile};
use super::panels::{NARROW, WIDE};
use crate::{Activation, Epilogue, Isa};

pub(super) struct F32Kernel<'a> {
    pub(super) isa: Isa,
    pub(super) epilogue: Epilogue<'a>,
}

/// Bias and activation of one panel.
pub(super) struct Finish {
    pub(super) bias: Option<[f32; WIDE]>,
    pub(super) activation: Activation,
}

impl Kernel<1> for F32Kernel<'_> {
    type Lhs = f32;
    type Rhs = f32;
    type Out = f32;
    type Finish = Finish;
    const DEPTH: usize = 256;

    fn finish(&self, column: usize) -> Finish {
        let bias = self.epilogue.bias.map(|bias| {
            let mut lanes = [0.0; WIDE];
            let columns = WIDE.min(bias.len() - column);
            lanes[..columns].copy_from_slice(&bias[column..][..columns]);
            lanes
        });
        Finish { bias, activation: self.epilogue.activation }
    }

    #[inline]
    fn tile(&self, tile: &Tile<'_, f32, f32>, finish: &Finish, out: &mut [f32], stride: usize) {
        if self.isa.is_avx2() {
            #[cfg(target_arch = "x86_64")]
            return super::avx2::f32_tile(self.isa, tile, finish, out, stride);
        }
        match tile.width {
            NARROW => generic::<NARROW>(tile, finish, out, stride),
            _ => generic::<WIDE>(tile, finish, out, stride),
        }
    }
}

fn generic<const WIDTH: usize>(tile: &Tile<'_, f32, f32>, finish: &Finish, out: &mut [f32], stride: usize) {
    let mut sums = [[0.0_f32; WIDTH]; TILE_ROWS];
    let sums = &mut sums[..tile.rows];
    if tile.resume {
        for (sums, out) in sums.iter_mut().zip(out.chunks(stride)) {
            sums.copy_from_slice(&out[..WIDTH]);
        }
    }
    for (depth, rhs) in tile.rhs.chunks_exact(WIDTH).enumerate() {
        for (row, sums) in sums.iter_mut().enumerate() {
            let lhs = tile.lhs[row * tile.lhs_stride + depth];
            for (sum, &rhs) in sums.iter_mut().zip(rhs) {
                *sum = lhs.mul_add(rhs, *sum);
            }
        }
    }
    for (sums, out) in sums.iter_mut().zip(out.chunks_mut(stride)) {
        if tile.last {
            if let Some(bias) = &finish.bias {
                sums.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
            }
            sums.iter_mut().for_each(|sum| *sum = finish.activation.apply(*sum));
        }
        out[..WIDTH].copy_from_slice(sums);
    }
}
