//! Tiles of up to 6 x 16 sums held in AVX2 registers.
#![allow(unsafe_code, reason = "vector loads and stores take pointers; bounds are asserted per tile")]

use std::arch::x86_64::*;

use super::block::Tile;
use super::f32_tile::Finish;
use super::panels::NARROW;
use crate::Isa;

/// Calls `$tile::<rows, vectors>` for the rows and columns of `$operands`.
macro_rules! by_size {
    ($tile:ident, $operands:expr, $($argument:expr),*) => {
        match ($operands.rows, $operands.width) {
            (1, NARROW) => $tile::<1, 1>($operands, $($argument),*),
            (2, NARROW) => $tile::<2, 1>($operands, $($argument),*),
            (3, NARROW) => $tile::<3, 1>($operands, $($argument),*),
            (4, NARROW) => $tile::<4, 1>($operands, $($argument),*),
            (5, NARROW) => $tile::<5, 1>($operands, $($argument),*),
            (_, NARROW) => $tile::<6, 1>($operands, $($argument),*),
            (1, _) => $tile::<1, 2>($operands, $($argument),*),
            (2, _) => $tile::<2, 2>($operands, $($argument),*),
            (3, _) => $tile::<3, 2>($operands, $($argument),*),
            (4, _) => $tile::<4, 2>($operands, $($argument),*),
            (5, _) => $tile::<5, 2>($operands, $($argument),*),
            (_, _) => $tile::<6, 2>($operands, $($argument),*),
        }
    };
}

pub(super) fn f32_tile(isa: Isa, tile: &Tile<'_, f32, f32>, finish: &Finish, out: &mut [f32], stride: usize) {
    assert!(isa.is_avx2());
    // SAFETY: the assertion, as this level exists only on a CPU with AVX2 and FMA.
    unsafe { by_size!(f32_sums, tile, finish, out, stride) }
}

pub(super) fn i8_tile(isa: Isa, tile: &Tile<'_, i16, i16>, out: &mut [i32], stride: usize) {
    assert!(isa.is_avx2());
    // SAFETY: the assertion, as this level exists only on a CPU with AVX2 and FMA.
    unsafe { by_size!(i8_sums, tile, out, stride) }
}

/// Checks once per tile what the pointers below rely on.
fn assert_bounds<L, R, O>(tile: &Tile<'_, L, R>, rows: usize, width: usize, out: &[O], stride: usize) {
    assert!(tile.lhs.len() >= (rows - 1) * tile.lhs_stride + tile.depth);
    assert!(tile.rhs.len() >= tile.depth * width);
    assert!(out.len() >= (rows - 1) * stride + width);
}

#[target_feature(enable = "avx2,fma")]
fn f32_sums<const ROWS: usize, const VECTORS: usize>(
    tile: &Tile<'_, f32, f32>,
    finish: &Finish,
    out: &mut [f32],
    stride: usize,
) {
    assert_bounds(tile, ROWS, VECTORS * 8, out, stride);
    let (lhs, rhs, out) = (tile.lhs.as_ptr(), tile.rhs.as_ptr(), out.as_mut_ptr());
    let mut sums = [[_mm256_setzero_ps(); VECTORS]; ROWS];
    if tile.resume {
        for (r, sums) in sums.iter_mut().enumerate() {
            for (v, sum) in sums.iter_mut().enumerate() {
                // SAFETY: r < ROWS and v < VECTORS, so all 8 lie in `out` by `assert_bounds`.
                *sum = unsafe { _mm256_loadu_ps(out.add(r * stride + v * 8)) };
            }
        }
    }
    for i in 0..tile.depth {
        let mut columns = [_mm256_setzero_ps(); VECTORS];
        for (v, column) in columns.iter_mut().enumerate() {
            // SAFETY: i < depth and v < VECTORS, so all 8 lie in `rhs` by `assert_bounds`.
            *column = unsafe { _mm256_loadu_ps(rhs.add((i * VECTORS + v) * 8)) };
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: r < ROWS and i < depth, so it lies in `lhs` by `assert_bounds`.
            let x = unsafe { _mm256_broadcast_ss(&*lhs.add(r * tile.lhs_stride + i)) };
            for (sum, &column) in sums.iter_mut().zip(&columns) {
                *sum = _mm256_fmadd_ps(x, column, *sum);
            }
        }
    }
    if tile.last {
        if let Some(bias) = &finish.bias {
            for v in 0..VECTORS {
                // SAFETY: v < VECTORS <= 2 and `bias` has 16 elements.
                let bias = unsafe { _mm256_loadu_ps(bias.as_ptr().add(v * 8)) };
                for sums in &mut sums {
                    sums[v] = _mm256_add_ps(sums[v], bias);
                }
            }
        }
        let (low, high) = finish.activation.bounds();
        let (low, high) = (_mm256_set1_ps(low), _mm256_set1_ps(high));
        // Nested loops, because a flattened iterator keeps the sums out of registers.
        for sums in &mut sums {
            for sum in sums {
                *sum = _mm256_min_ps(high, _mm256_max_ps(low, *sum));
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        for (v, &sum) in sums.iter().enumerate() {
            // SAFETY: as for the load from `out`, which is borrowed mutably.
            unsafe { _mm256_storeu_ps(out.add(r * stride + v * 8), sum) };
        }
    }
}

#[target_feature(enable = "avx2,fma")]
fn i8_sums<const ROWS: usize, const VECTORS: usize>(
    tile: &Tile<'_, i16, i16>,
    out: &mut [i32],
    stride: usize,
) {
    assert_bounds(tile, ROWS, VECTORS * 8, out, stride);
    let (lhs, rhs, out) = (tile.lhs.as_ptr(), tile.rhs.as_ptr(), out.as_mut_ptr());
    let mut sums = [[_mm256_setzero_si256(); VECTORS]; ROWS];
    if tile.resume {
        for (r, sums) in sums.iter_mut().enumerate() {
            for (v, sum) in sums.iter_mut().enumerate() {
                // SAFETY: r < ROWS and v < VECTORS, so all 8 lie in `out` by `assert_bounds`.
                *sum = unsafe { _mm256_loadu_si256(out.add(r * stride + v * 8).cast()) };
            }
        }
    }
    for pair in 0..tile.depth / 2 {
        let mut columns = [_mm256_setzero_si256(); VECTORS];
        for (v, column) in columns.iter_mut().enumerate() {
            // SAFETY: pair < depth / 2 and v < VECTORS, so all 16 lie in `rhs` by `assert_bounds`.
            *column = unsafe { _mm256_loadu_si256(rhs.add((pair * VECTORS + v) * 16).cast()) };
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: r < ROWS and 2 * pair + 1 < depth, so both lie in `lhs` by `assert_bounds`.
            let x = unsafe { lhs.add(r * tile.lhs_stride + 2 * pair).cast::<i32>().read_unaligned() };
            let x = _mm256_set1_epi32(x);
            for (sum, &column) in sums.iter_mut().zip(&columns) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(x, column));
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        for (v, &sum) in sums.iter().enumerate() {
            // SAFETY: as for the load from `out`, which is borrowed mutably.
            unsafe { _mm256_storeu_si256(out.add(r * stride + v * 8).cast(), sum) };
        }
    }
}
