//! The products as plain loops: what the fast kernels must equal to the bit.

use crate::{Epilogue, KernelError, lengths};

/// [`gemm_f32`](super::gemm_f32) with `b` row-major, k x n.
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit its shape.
pub fn gemm_f32(
    (m, k, n): (usize, usize, usize),
    a: &[f32],
    b: &[f32],
    epilogue: Epilogue<'_>,
    c: &mut [f32],
) -> Result<(), KernelError> {
    lengths::expect("a", a.len(), lengths::product("a", &[m, k])?)?;
    lengths::expect("b", b.len(), lengths::product("b", &[k, n])?)?;
    lengths::expect("c", c.len(), lengths::product("c", &[m, n])?)?;
    lengths::expect_epilogue(&epilogue, n)?;
    for row in 0..m {
        for column in 0..n {
            let sum = (0..k).fold(0.0_f32, |sum, i| a[row * k + i].mul_add(b[i * n + column], sum));
            let out = &mut c[row * n + column];
            *out = epilogue.apply(sum, column, *out);
        }
    }
    Ok(())
}

/// [`gemm_i8`](super::gemm_i8) with `b` row-major, k x n.
///
/// # Errors
/// As [`gemm_f32`]; [`KernelError::ZeroOffset`] and [`KernelError::Depth`] as the fast kernel.
pub fn gemm_i8(
    (m, k, n): (usize, usize, usize),
    a: &[i8],
    zero_offset: i32,
    b: &[i8],
    c: &mut [i32],
) -> Result<(), KernelError> {
    lengths::expect("a", a.len(), lengths::product("a", &[m, k])?)?;
    lengths::expect("b", b.len(), lengths::product("b", &[k, n])?)?;
    lengths::expect("c", c.len(), lengths::product("c", &[m, n])?)?;
    lengths::expect_depth_i8(k)?;
    lengths::zero_offset(zero_offset)?;
    for row in 0..m {
        for column in 0..n {
            c[row * n + column] = (0..k)
                .map(|i| (i32::from(a[row * k + i]) - zero_offset) * i32::from(b[i * n + column]))
                .sum();
        }
    }
    Ok(())
}
