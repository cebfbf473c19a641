//! Matrix product of a row-major left side and a right side packed once.
//!
//! f32: element (r, c) is `acc = fma(a[r][i], b[i][c], acc)` for i = 0..k from 0.0, then the
//! epilogue. int8: the exact sum of `(a[r][i] - zero_offset) * b[i][c]` in i32.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod block;
mod f32_tile;
mod i8_tile;
mod packed;
mod panels;
mod product;
pub mod reference;
#[cfg(test)]
mod tests;

pub use packed::{PackedF32, PackedI8};
pub(crate) use product::{F32Product, I8Product, Product};

use crate::{Epilogue, KernelError, lengths, parallel};

/// Rows of output made by one task at a time. Small enough that a block of activations stays in
/// the L1 or L2 cache while every panel of the right side passes by.
pub(crate) const ROW_BLOCK: usize = 24;

/// `c = epilogue(a * b)` with `a` of `m` x k and `c` of `m` x n elements.
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit its shape.
pub fn gemm_f32(
    m: usize,
    a: &[f32],
    b: &PackedF32,
    epilogue: Epilogue<'_>,
    c: &mut [f32],
) -> Result<(), KernelError> {
    let (k, n) = (b.k(), b.n());
    lengths::expect("a", a.len(), lengths::product("a", &[m, k])?)?;
    lengths::expect("c", c.len(), lengths::product("c", &[m, n])?)?;
    lengths::expect_bias(epilogue.bias, n)?;
    let work = c.len().saturating_mul(k);
    parallel::for_each_chunk(
        c,
        ROW_BLOCK * n,
        work,
        || (),
        |(), index, c| {
            let first = index * ROW_BLOCK;
            let rows = c.len() / n;
            b.multiply_rows(&a[first * k..(first + rows) * k], epilogue, c);
        },
    );
    Ok(())
}

/// `c = (a - zero_offset) * b`, exact, with `a` of `m` x k and `c` of `m` x n elements.
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit its shape,
/// [`KernelError::ZeroOffset`] if the offset is not an int8.
pub fn gemm_i8(m: usize, a: &[i8], zero_offset: i32, b: &PackedI8, c: &mut [i32]) -> Result<(), KernelError> {
    let (k, n) = (b.k(), b.n());
    lengths::expect("a", a.len(), lengths::product("a", &[m, k])?)?;
    lengths::expect("c", c.len(), lengths::product("c", &[m, n])?)?;
    let zero_offset = lengths::zero_offset(zero_offset)?;
    let stride = b.stride();
    let work = c.len().saturating_mul(k);
    let scratch = || vec![0_i16; ROW_BLOCK * stride];
    parallel::for_each_chunk(c, ROW_BLOCK * n, work, scratch, |centred, index, c| {
        let rows = c.len() / n;
        let a = &a[index * ROW_BLOCK * k..][..rows * k];
        let centred = &mut centred[..rows * stride];
        if k == stride {
            b.centre(a, zero_offset, centred);
        } else {
            for (a, centred) in a.chunks_exact(k).zip(centred.chunks_exact_mut(stride)) {
                b.centre(a, zero_offset, centred);
            }
        }
        b.multiply_rows(centred, c);
    });
    Ok(())
}
