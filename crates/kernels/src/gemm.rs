//! Matrix product of a row-major left side and a right side packed once.
//!
//! f32: element (r, c) is `acc = fma(a[r][i], b[i][c], acc)` for i = 0..k from 0.0, then the
//! epilogue. int8: the exact sum of `(a[r][i] - zero_offset) * b[i][c]` in i32, then what the
//! [`SumEpilogue`] says.

mod driver;
mod f32_sums;
mod i8_sums;
mod packed_f32;
mod packed_i8;
mod padded;
mod panels;
mod product;
pub mod reference;
#[cfg(test)]
mod tests;
mod tile;
mod words;

pub(crate) use driver::RowsInRuns;
pub use packed_f32::PackedF32;
pub use packed_i8::PackedI8;
pub(crate) use packed_i8::SumsOf;
pub(crate) use padded::PaddedEpilogue;
pub(crate) use product::{F32Product, I8Product, Product};
pub(crate) use words::{Shape as AskWords, WordShape};

use crate::sum_epilogue::{SumKernel, SumResult};
use crate::{Epilogue, I8Output, KernelError, SumEpilogue, lengths};

/// Rows of patches made at a time, a multiple of a tile's. Small enough that they stay in the L1 or
/// L2 cache while every panel of the right side passes by.
pub(crate) const ROW_BLOCK: usize = 28;

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
    b.multiply_parallel(a, &PaddedEpilogue::new(epilogue, n)?, c)
}

/// `c = (a - zero_offset) * b`, exact, with `a` of `m` x k and `c` of `m` x n elements.
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit its shape,
/// [`KernelError::ZeroOffset`] if the offset is not an int8.
pub fn gemm_i8(m: usize, a: &[i8], zero_offset: i32, b: &PackedI8, c: &mut [i32]) -> Result<(), KernelError> {
    let plain = SumEpilogue::new(b.n(), b.limit());
    gemm_i8_then(m, a, zero_offset, b, &plain, I8Output::I32(c))
}

/// [`gemm_i8`], then what `epilogue` says.
///
/// # Errors
/// As [`gemm_i8`]; [`KernelError::Output`] if `c` is not of the type that `epilogue` leads to.
pub fn gemm_i8_then(
    m: usize,
    a: &[i8],
    zero_offset: i32,
    b: &PackedI8,
    epilogue: &SumEpilogue,
    c: I8Output<'_>,
) -> Result<(), KernelError> {
    let (k, n) = (b.k(), b.n());
    lengths::expect("a", a.len(), lengths::product("a", &[m, k])?)?;
    lengths::expect("c", c.len(), lengths::product("c", &[m, n])?)?;
    let zero_offset = lengths::zero_offset(zero_offset)?;
    epilogue.run(n, c, GemmI8 { a, b, zero_offset })
}

struct GemmI8<'a> {
    a: &'a [i8],
    b: &'a PackedI8,
    zero_offset: i16,
}

impl SumKernel for GemmI8<'_> {
    fn run<R: SumResult>(self, bias: &[i32], result: R, output: &mut [R::Out]) -> Result<(), KernelError> {
        let sums = SumsOf { zero_offset: self.zero_offset, bias: Some(bias), result };
        self.b.multiply_parallel((self.a, self.b.k()), &sums, output)
    }
}
